select portico.create_plumbing('documents');
