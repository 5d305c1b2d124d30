with
    outcomes as (select * from {{ ref("int_experiment_outcomes") }}),

    parameters as (
        select
            max(case when parameter = 'confidence_z' then value end) as confidence_z,
            max(case when parameter = 'power_z' then value end) as power_z,
            max(
                case when parameter = 'split_mismatch_p' then value end
            ) as split_mismatch_p
        from {{ ref("report_parameters") }}
    ),

    -- The control is the variant of that name, else the first by name.
    marked as (
        select
            *,
            variant = first_value(variant) over (
                partition by experiment_id, stage
                order by
                    case when lower(trim(variant)) = 'control' then 0 else 1 end asc,
                    variant asc
            ) as is_control,
            sum(assigned_leads) over (partition by experiment_id, stage) as all_leads,
            count(*) over (partition by experiment_id, stage) as variant_count
        from outcomes
    ),

    rated as (
        select
            marked.*,
            marked.conversions / nullif(marked.leads, 0) as conversion_rate,
            controls.conversions / nullif(controls.leads, 0) as control_rate,
            (marked.conversions + controls.conversions)
            / nullif(marked.leads + controls.leads, 0) as pooled_rate,
            controls.leads as control_leads,
            1 / nullif(marked.leads, 0) + 1 / nullif(controls.leads, 0) as inverse_leads
        from marked
        left join
            marked as controls
            on marked.experiment_id = controls.experiment_id
            and marked.stage = controls.stage
            and controls.is_control
            and not marked.is_control
    ),

    tested as (
        select
            *,
            round(conversion_rate - control_rate, 12) as difference,
            sqrt(
                conversion_rate * (1 - conversion_rate) / nullif(leads, 0)
                + control_rate * (1 - control_rate) / nullif(control_leads, 0)
            ) as standard_error,
            abs(conversion_rate - control_rate)
            / nullif(sqrt(pooled_rate * (1 - pooled_rate) * inverse_leads), 0) as z,
            abs(assigned_leads - all_leads / variant_count) / nullif(
                sqrt(all_leads * (variant_count - 1)) / variant_count, 0
            ) as split_z
        from rated
    ),

    final as (
        select
            tested.experiment_id,
            tested.stage,
            tested.variant,
            tested.is_control,
            tested.assigned_leads,
            tested.leads,
            tested.conversions,
            tested.conversion_rate,
            tested.difference,
            round(
                tested.difference - parameters.confidence_z * tested.standard_error, 12
            ) as difference_low,
            round(
                tested.difference + parameters.confidence_z * tested.standard_error, 12
            ) as difference_high,
            round(2 * ({{ normal_tail("tested.z") }}), 12) as p_value,
            round(
                (parameters.confidence_z + parameters.power_z) * sqrt(
                    tested.control_rate
                    * (1 - tested.control_rate)
                    * tested.inverse_leads
                ),
                12
            ) as minimum_detectable_difference,
            round(2 * ({{ normal_tail("tested.split_z") }}), 12) as split_p_value,
            coalesce(
                2 * ({{ normal_tail("tested.split_z") }}) < parameters.split_mismatch_p,
                false
            ) as is_split_mismatch
        from tested
        cross join parameters
    )

select *
from final
