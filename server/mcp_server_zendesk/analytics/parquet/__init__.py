"""What analytics keeps, as Parquet by month, in a folder or an object store."""
