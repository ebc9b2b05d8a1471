-- On how many cells do two judges say the same, for each pair, lens, model, vision layer and image?
with verdicts as (
    select
        model_id,
        image_id,
        lens,
        vision_layer,
        cell,
        judge,
        coalesce(kind = 'person', false) as by_person,
        case $relation
            when 'any' then interpretable
            when 'concrete-or-abstract' then len(concrete_words) + len(abstract_words) > 0
            else len(concrete_words) > 0
        end as yes
    from judgments
    left join judges using (judge)
    where status = 'ok'
),
voices as (
    select model_id, image_id, lens, vision_layer, cell, judge, yes
    from verdicts
    where $people = 'each' or not by_person
    union all
    select
        model_id,
        image_id,
        lens,
        vision_layer,
        cell,
        'people:' || $people as judge,
        case $people when 'majority' then avg(yes::int) >= 0.5 else bool_or(yes) end as yes
    from verdicts
    where $people <> 'each' and by_person
    group by model_id, image_id, lens, vision_layer, cell
)
select
    one.judge as first_judge,
    other.judge as second_judge,
    one.lens,
    one.model_id,
    one.vision_layer,
    one.image_id,
    count(*) filter (one.yes and other.yes) as both,
    count(*) filter (one.yes and not other.yes) as first_only,
    count(*) filter (not one.yes and other.yes) as second_only,
    count(*) filter (not one.yes and not other.yes) as neither
from voices as one
join voices as other
    on one.model_id = other.model_id
    and one.image_id = other.image_id
    and one.lens = other.lens
    and one.vision_layer = other.vision_layer
    and one.cell = other.cell
    and one.judge < other.judge
group by all
order by first_judge, second_judge, one.lens, one.model_id, one.vision_layer, one.image_id
