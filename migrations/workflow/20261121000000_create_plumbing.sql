select portico.create_plumbing('workflow');
