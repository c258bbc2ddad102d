using HealthExport.Migrations;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IMigrationStore"/> promises, for any engine.</summary>
public abstract class MigrationContract : IAsyncLifetime
{
    StoreFixture _stores = null!;

    public async ValueTask InitializeAsync() => _stores = await OpenEmptyAsync();

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A database without any schema.</summary>
    protected abstract ValueTask<StoreFixture> OpenEmptyAsync();

    [Fact]
    public async Task An_empty_store_lists_every_step_as_missing()
    {
        var steps = await _stores.Migrations.ListAsync(default);

        Assert.NotEmpty(steps);
        Assert.All(steps, step => Assert.False(step.IsApplied));
        Assert.Equal(Enumerable.Range(1, steps.Count), steps.Select(step => step.Number));
    }

    [Fact]
    public async Task A_dry_run_names_the_steps_and_takes_none()
    {
        var planned = await _stores.Migrations.MigrateAsync(null, dryRun: true, default);

        Assert.Equal((await _stores.Migrations.ListAsync(default)).Count, planned.Count);
        Assert.All(await _stores.Migrations.ListAsync(default), step => Assert.False(step.IsApplied));
    }

    [Fact]
    public async Task Every_step_is_taken_once()
    {
        var taken = await _stores.Migrations.MigrateAsync(null, dryRun: false, default);
        var again = await _stores.Migrations.MigrateAsync(null, dryRun: false, default);

        Assert.Equal((await _stores.Migrations.ListAsync(default)).Count, taken.Count);
        Assert.All(taken, step => Assert.True(step.IsApplied));
        Assert.Empty(again);
    }

    [Fact]
    public async Task Two_processes_starting_at_once_take_every_step_once_between_them()
    {
        var other = _stores.OpenAnotherMigrations();

        var taken = await Task.WhenAll(
            Task.Run(async () => await _stores.Migrations.MigrateAsync(null, dryRun: false, default)),
            Task.Run(async () => await other.MigrateAsync(null, dryRun: false, default)));

        var steps = await _stores.Migrations.ListAsync(default);
        Assert.Equal(steps.Select(step => step.Number), taken.SelectMany(one => one).Select(one => one.Number).Order());
    }

    [Fact]
    public async Task Down_to_nothing_leaves_no_table_but_the_list_of_steps_and_up_again_works()
    {
        await _stores.Migrations.MigrateAsync(null, dryRun: false, default);
        var planned = await _stores.Migrations.MigrateAsync(0, dryRun: true, default);
        var reverted = await _stores.Migrations.MigrateAsync(0, dryRun: false, default);
        var left = await _stores.Migrations.DescribeAsync(default);

        Assert.Equal(planned.Select(step => step.Number), reverted.Select(step => step.Number));
        Assert.All(reverted, step => Assert.False(step.IsApplied));
        Assert.Equal(["schema_migrations"], left.Rows.Keys);
        Assert.NotEmpty(await _stores.Migrations.MigrateAsync(null, dryRun: false, default));
    }

    [Fact]
    public async Task A_schema_newer_than_the_build_is_refused_and_left_alone()
    {
        await _stores.Migrations.MigrateAsync(null, dryRun: false, default);
        await _stores.ExecuteAsync("""
            insert into schema_migrations (number, name, applied_at)
            select 9000, 'later', applied_at
            from schema_migrations
            where number = 1
            """);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await _stores.Migrations.MigrateAsync(null, dryRun: false, default));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await _stores.Migrations.MigrateAsync(0, dryRun: false, default));

        Assert.Contains("9000", refusal.Message, StringComparison.Ordinal);
        var listed = await _stores.Migrations.ListAsync(default);
        Assert.Equal((9000, true, false), (listed[^1].Number, listed[^1].IsApplied, listed[^1].IsKnown));
        Assert.All(listed.SkipLast(1), step => Assert.True(step.IsKnown));
    }

    [Fact]
    public async Task The_store_answers_and_tells_what_it_is()
    {
        await _stores.Migrations.MigrateAsync(null, dryRun: false, default);
        await _stores.AddUserAsync();

        await _stores.Migrations.PingAsync(default);
        var facts = await _stores.Migrations.DescribeAsync(default);

        Assert.Equal(1, facts.Rows["users"]);
        Assert.Equal(0, facts.Rows["samples"]);
        Assert.True(facts.SizeBytes > 0);
        Assert.NotEmpty(facts.Version);
    }
}
