select portico.create_plumbing('messaging');
