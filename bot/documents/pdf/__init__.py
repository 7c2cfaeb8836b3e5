"""PDF files: what may be shown of them, and the clean copy where that is not the file itself."""
