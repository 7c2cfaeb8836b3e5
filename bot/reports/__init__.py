"""Reports as files, made in memory and never stored: a picture and a spreadsheet. Pure: figures in, bytes out."""
