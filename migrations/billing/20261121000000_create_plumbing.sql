select portico.create_plumbing('billing');
