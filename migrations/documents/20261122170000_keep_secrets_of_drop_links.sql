-- The secret of a link, sealed by the firm's key: whoever repeats the form that made the link is answered the same address.
alter table documents.drop_links add column sealed_token bytea;
