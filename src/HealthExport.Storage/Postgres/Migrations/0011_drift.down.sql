drop table drift;
