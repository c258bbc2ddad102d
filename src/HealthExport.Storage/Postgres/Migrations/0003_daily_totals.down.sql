drop table daily_totals;
