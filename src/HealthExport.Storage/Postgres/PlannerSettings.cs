using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// What a transaction tells the planner. Plans are made for the values at hand: one for any value would lock every
/// partition. All our statements seek by key, so that their cost is that of the keys and not of what is stored; how
/// many rows a new table is thought to have must not talk the planner out of it.
/// </summary>
static class PlannerSettings
{
    public static void AddPlannerSettings(this NpgsqlBatch batch) => batch.Add(
        """
        select
            set_config('plan_cache_mode', 'force_custom_plan', true),
            set_config('enable_hashjoin', 'off', true),
            set_config('enable_mergejoin', 'off', true),
            set_config('enable_seqscan', 'off', true),
            set_config('jit', 'off', true)
        """);
}
