-- What in a version acts by itself when it is opened, in words separated by spaces: `script`, `macros` and so on. Those from before
-- this column were not looked at.
alter table documents.versions add column active text not null default '';
