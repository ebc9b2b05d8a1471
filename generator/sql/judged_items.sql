-- Which judged items are shown one by one?
-- Of every model, lens and vision layer as many, those first that most judges judged, then the planned ones, in the
-- order of a hash of study and cell; then all that was said of them.
-- Of judges that judged more than can be sorted only every n-th cell is looked at, by a hash too.
with judged as (
    select
        model_id, image_id, lens, vision_layer, cell,
        count(distinct judge) as judges,
        bool_and(status = 'skipped') as skipped
    from judgments
    where
        list_contains($models, model_id)
        and (
            not list_contains($thorough, judge)
            or md5_number_lower(concat_ws(chr(31), $seed, image_id, cell)) % $every = 0
        )
    group by model_id, image_id, lens, vision_layer, cell
),

placed as (
    select
        judged.*,
        row_number() over (
            partition by judged.model_id, judged.lens, judged.vision_layer
            order by
                judged.judges desc,
                planned.model_id is null,
                md5(concat_ws(chr(31), $seed, judged.image_id, judged.cell, judged.lens, judged.vision_layer)),
                judged.image_id,
                judged.cell
        ) as place
    from judged
    left join (select distinct model_id, image_id, cell from judge_items) as planned
        using (model_id, image_id, cell)
    where not judged.skipped
),

chosen as (
    select *
    from placed
    order by place, md5(concat_ws(chr(31), $seed, model_id, image_id, cell, lens, vision_layer)), model_id
    limit $most
)

select
    judgments.model_id, judgments.image_id, judgments.lens, judgments.vision_layer, judgments.cell,
    judge, status, interpretable, concrete_words, abstract_words, global_words, candidates, reasoning, failure,
    (
        select count(distinct (model_id, image_id, lens, vision_layer, cell))
        from judgments
        where status <> 'skipped' and list_contains($models, model_id)
    ) as items
from chosen
inner join judgments using (model_id, image_id, lens, vision_layer, cell)
order by
    md5(concat_ws(
        chr(31),
        $seed, judgments.model_id, judgments.image_id, judgments.cell, judgments.lens, judgments.vision_layer
    )),
    judgments.image_id, judgments.cell, judgments.model_id, judgments.lens, judgments.vision_layer, judge
