"""What the running application works with, and its routes: types that services, dialogues and handlers are given."""
