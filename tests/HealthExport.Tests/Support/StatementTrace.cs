using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Support;

/// <summary>One statement as an engine ran it.</summary>
/// <param name="Sql">The product's own text.</param>
/// <param name="Steps">Where it went, but for what is not the product's: system tables, functions.</param>
/// <param name="Work">What it cost, whatever the machine: rows visited, or the engine's own steps.</param>
sealed record TracedStatement(string Sql, IReadOnlyList<PlanStep> Steps, long Work)
{
    public override string ToString() => $"{Sql}\n  {string.Join("\n  ", Steps)}\n  work {Work}";
}

/// <summary>One way to one table.</summary>
/// <param name="Partition">Null where the table has none.</param>
/// <param name="Index">As <see cref="StatementTrace.ListIndexesAsync"/> has it; null for none.</param>
/// <param name="IsWhole">The table, or the index, is gone through from end to end, and is not small.</param>
/// <param name="IsTaken">False for what the plan has and the run left out.</param>
sealed record PlanStep(string Table, string? Partition, string? Index, bool IsWhole, bool IsTaken = true);

/// <summary>
/// Records what a store runs while a test looks: the product's own statements, in its own transactions, with its own
/// values, and the plans that the engine makes of them. Only what is done on behalf of the recording is in it, not what
/// jobs and other tests do meanwhile.
/// </summary>
abstract class StatementTrace
{
    readonly AsyncLocal<ConcurrentQueue<object>?> _recording = new();

    // What requests are recorded into; they run in another flow than the test.
    volatile ConcurrentQueue<object>? _requests;

    /// <summary>Puts the traced database in the place of a server's own, and has its requests recorded.</summary>
    public void Use(IServiceCollection services)
    {
        ReplaceDatabase(services);
        services.AddTransient<IStartupFilter>(_ => new RequestFilter(this));
    }

    /// <summary>Runs some work and tells what statements were run for it, in that order.</summary>
    public async Task<IReadOnlyList<TracedStatement>> RecordAsync(Func<Task> work)
    {
        var recorded = _requests = _recording.Value = [];
        try
        {
            await work();
        }
        finally
        {
            _requests = _recording.Value = null;
        }
        return await DescribeAsync([.. recorded]);
    }

    /// <summary>
    /// Every index of the schema, asked of the engine. One that is made by name has that name; one that a key or a
    /// unique constraint brings is called by its table: <c>samples key</c>, <c>users (email_key)</c>.
    /// </summary>
    public abstract Task<IReadOnlyList<string>> ListIndexesAsync();

    protected abstract void ReplaceDatabase(IServiceCollection services);

    protected abstract Task<IReadOnlyList<TracedStatement>> DescribeAsync(IReadOnlyList<object> recorded);

    protected void Record(object statement) => _recording.Value?.Enqueue(statement);

    sealed class RequestFilter(StatementTrace trace) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, pass) =>
            {
                trace._recording.Value = trace._requests;
                await pass(context);
            });
            next(app);
        };
    }
}
