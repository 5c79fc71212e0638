select portico.create_plumbing('identity');
