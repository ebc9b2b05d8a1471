-- How much does the study hold?
select
    (select count(*) from images) as images,
    (select count(*) from neighbors) as neighbors,
    (select coalesce(max(rank), 0) from neighbors) as top_k,
    (select count(*) from contexts) as contexts,
    (select count(*) from judgments) as judgments
order by images
