with
    paths as (select * from {{ ref("int_touch_paths") }}),

    models as (select * from {{ ref("attribution_models") }}),

    -- An anchor that coincides with an earlier one has no share, nor has a touch at the
    -- creation that there is not.
    anchored as (
        select
            paths.*,
            models.attribution_model,
            models.half_life_days,
            models.is_data_driven,
            models.other_share,
            models.first_share,
            case
                when
                    paths.creation_number is not null
                    and (
                        models.first_share is null
                        or paths.creation_number <> paths.first_number
                    )
                then models.creation_share
            end as creation_share,
            case
                when
                    paths.last_number = case
                        when models.first_share is not null then paths.first_number
                    end
                    or paths.last_number = case
                        when models.creation_share is not null
                        then paths.creation_number
                    end
                then null
                else models.last_share
            end as last_share
        from paths
        cross join models
    ),

    counted as (
        select
            *,
            coalesce(first_share, 0)
            + coalesce(creation_share, 0)
            + coalesce(last_share, 0) as anchor_share,
            touch_count
            - case when first_share is null then 0 else 1 end
            - case when creation_share is null then 0 else 1 end
            - case when last_share is null then 0 else 1 end as other_count
        from anchored
    ),

    -- Null where no place has a credit.
    totalled as (
        select
            *,
            case
                when touch_count > 0 and half_life_days is null and not is_data_driven
                then
                    anchor_share + case when other_count > 0 then other_share else 0 end
            end as total_share
        from counted
    ),

    final as (
        select
            milestone,
            attribution_model,
            lead_id,
            reached_at,
            first_number,
            creation_number,
            last_number,
            last_touched_at,
            cast(half_life_days as double) as half_life_days,
            is_data_driven,
            coalesce(touch_count, 0) > 0
            and (half_life_days is not null or is_data_driven) as is_weighted,
            cast(first_share / total_share as double) as first_credit,
            cast(creation_share / total_share as double) as creation_credit,
            cast(last_share / total_share as double) as last_credit,
            cast(
                other_share / nullif(other_count, 0) / total_share as double
            ) as other_credit
        from totalled
    )

select *
from final
