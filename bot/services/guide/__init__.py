"""What people ask before and beside a request: required documents and fees, frequent questions and their answers."""
