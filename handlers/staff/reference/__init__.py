"""Staff's screens of reference data: tariffs, studies, documents, universities, frequent questions."""
