using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Contracts;

public abstract partial class UserStoreContract
{
    const string Watch = "Zoë’s Watch";
    const string Ring = "Ring";
    const string Phone = "iPhone";

    /// <summary>A person from whose sources something came.</summary>
    async Task<User> AddUserWithSourcesAsync(string email, params string[] sources)
    {
        var user = await _stores.AddUserAsync(email);
        await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, user.Id, "{}"));
        await using var push = await _stores.Ingestions.BeginAsync(await _stores.Ingestions.GetClaimAsync(), default);
        var steps = (await push.FindOrAddMetricAsync(MetricCatalogue.Find("step_count")!, default))!.Value;
        var rows = sources.Select((source, i) => new Sample
        {
            StartAt = new(i * 1_000_000L), EndAt = new(i * 1_000_000L + 1), Value = 1, Source = source,
        }).ToArray();
        await push.WriteAsync(
            new Series(steps, Grain.Sample), rows, Enumerable.Repeat(RowChange.Insert, rows.Length).ToArray(), default);
        await push.CommitAsync(new(), changedAnything: true, default);
        return user;
    }

    async Task<UserProfile> GetProfileAsync(long id)
    {
        var profile = await _stores.Users.FindProfileAsync(id, default);
        Assert.NotNull(profile);
        return profile;
    }

    async Task<UserProfile> ChangeAsync(long id, UserChange change)
    {
        var update = await _stores.Users.UpdateAsync(id, change, Entries.UserChanged, default);
        Assert.Equal((false, 0), (update.IsEmailTaken, update.UnknownSources.Count));
        Assert.NotNull(update.Profile);
        var stored = await GetProfileAsync(id);
        Assert.True(stored.SaysTheSameAs(update.Profile));
        Assert.Equal(stored.SettingsVersion, update.Profile.SettingsVersion);
        return stored;
    }

    [Fact]
    public async Task What_is_given_is_changed_and_the_rest_stays()
    {
        var user = await AddUserWithSourcesAsync("one@example.org", Watch, Ring, Phone);
        var before = await GetProfileAsync(user.Id);
        Assert.Equal((user, 0), (before.User, before.SourceRanks.Count));

        var named = await ChangeAsync(user.Id, new() { DisplayName = "Zoë" });
        Assert.Equal(user with { DisplayName = "Zoë" }, named.User);
        var moved = await ChangeAsync(user.Id, new() { TimeZone = "Asia/Tokyo" });
        Assert.Equal(user with { DisplayName = "Zoë", TimeZone = "Asia/Tokyo" }, moved.User);
        var renamed = await ChangeAsync(user.Id, new() { Email = "Two@Example.org" });
        Assert.Equal("Two@Example.org", renamed.User.Email);
        var ranked = await ChangeAsync(user.Id, new() { SourceRanks = (string[])[Watch, Ring] });
        Assert.Equal([Watch, Ring], ranked.SourceRanks);
        var bare = await ChangeAsync(user.Id, new() { DisplayName = null, TimeZone = null });
        Assert.Equal((null, null), (bare.User.DisplayName, bare.User.TimeZone));
        Assert.Equal([Watch, Ring], bare.SourceRanks);

        Assert.Equal(bare.User, await _stores.Users.FindByEmailAsync("two@example.org", default));
        Assert.Null(await _stores.Users.FindByEmailAsync("one@example.org", default));
        Assert.Equal([Watch, Ring], await _stores.Users.ListSourceRanksAsync(user.Id, default));
    }

    [Fact]
    public async Task What_makes_a_difference_raises_the_settings_version_and_nothing_else_does()
    {
        var user = await AddUserWithSourcesAsync("one@example.org", Watch, Ring);
        var version = (await GetProfileAsync(user.Id)).SettingsVersion;
        var data = (await _stores.Users.FindVersionsAsync(user.Id, default))!.Data;
        UserChange[] changes =
        [
            new() { DisplayName = "Zoë" }, new() { TimeZone = null }, new() { Email = "ONE@example.org" },
            new() { SourceRanks = (string[])[Ring, Watch] }, new() { SourceRanks = (string[])[] },
        ];
        foreach (var change in changes)
        {
            var raised = (await ChangeAsync(user.Id, change)).SettingsVersion;
            Assert.InRange(raised, version + 1, long.MaxValue);
            version = raised;
            Assert.Equal(version, (await ChangeAsync(user.Id, change)).SettingsVersion);
            Assert.Equal(version, (await ChangeAsync(user.Id, new())).SettingsVersion);
            var profile = await GetProfileAsync(user.Id);
            Assert.Equal(version, profile.SettingsVersion);
            Assert.Equal(
                new UserVersions(user.PublicId, data, version, profile.User.TimeZone),
                await _stores.Users.FindVersionsAsync(user.Id, default));
        }
    }

    [Fact]
    public async Task Ranks_are_the_order_given_and_replace_those_of_before()
    {
        var user = await AddUserWithSourcesAsync("one@example.org", Watch, Ring, Phone);
        await ChangeAsync(user.Id, new() { SourceRanks = (string[])[Phone, Watch, Ring] });

        Assert.Equal(
            [Ring, Phone], (await ChangeAsync(user.Id, new() { SourceRanks = (string[])[Ring, Phone] })).SourceRanks);
        Assert.Equal([Ring, Phone], await _stores.Users.ListSourceRanksAsync(user.Id, default));
    }

    [Fact]
    public async Task What_cannot_be_is_said_at_once_and_nothing_is_changed()
    {
        var user = await AddUserWithSourcesAsync("one@example.org", Watch);
        await AddUserWithSourcesAsync("other@example.org", Ring, Phone);
        var before = await GetProfileAsync(user.Id);

        var update = await _stores.Users.UpdateAsync(
            user.Id,
            new()
            {
                Email = "OTHER@example.org", DisplayName = "Zoë", SourceRanks = (string[])[Phone, Watch, Ring],
            },
            Entries.UserChanged, default);

        Assert.Null(update.Profile);
        Assert.True(update.IsEmailTaken);
        Assert.Equal([Phone, Ring], update.UnknownSources);
        var after = await GetProfileAsync(user.Id);
        Assert.True(after.SaysTheSameAs(before));
        Assert.Equal(before.SettingsVersion, after.SettingsVersion);
    }

    [Fact]
    public async Task Of_changes_at_once_every_field_and_one_whole_list_of_ranks_take_effect()
    {
        string[] sources = [.. Enumerable.Range(0, 12).Select(i => $"Source {i:00}")];
        var user = await AddUserWithSourcesAsync("one@example.org", sources);
        var before = await GetProfileAsync(user.Id);
        string[][] orders = [.. Enumerable.Range(0, 8).Select(seed => Shuffled(sources, seed))];

        await Task.WhenAll(
        [
            .. orders.Select(order => Task.Run(() => ChangeOnceAsync(new() { SourceRanks = order }))),
            Task.Run(() => ChangeOnceAsync(new() { DisplayName = "Zoë" })),
            Task.Run(() => ChangeOnceAsync(new() { TimeZone = "Asia/Tokyo" })),
            Task.Run(() => ChangeOnceAsync(new() { Email = "two@example.org" })),
        ]);

        var after = await GetProfileAsync(user.Id);
        Assert.Equal(
            ("two@example.org", "Zoë", "Asia/Tokyo"),
            (after.User.Email, after.User.DisplayName, after.User.TimeZone));
        Assert.Contains(after.SourceRanks, orders);
        Assert.InRange(after.SettingsVersion, before.SettingsVersion + 11, long.MaxValue);

        async Task ChangeOnceAsync(UserChange change) =>
            Assert.NotNull((await _stores.Users.UpdateAsync(user.Id, change, Entries.UserChanged, default)).Profile);
    }

    [Fact]
    public async Task Of_many_taking_one_email_at_once_one_succeeds()
    {
        var users = new List<User>();
        for (var i = 0; i < 8; i++) users.Add(await _stores.AddUserAsync($"{i}@example.org"));

        var updates = await Task.WhenAll(users.Select(user => Task.Run(async () =>
            await _stores.Users.UpdateAsync(user.Id, new() { Email = "wanted@example.org" }, Entries.UserChanged, default))));

        Assert.Single(updates, update => update.Profile is not null);
        Assert.Equal(7, updates.Count(update => update.IsEmailTaken));
    }

    [Fact]
    public async Task Who_is_not_there_has_no_profile_and_cannot_be_changed()
    {
        Assert.Null(await _stores.Users.FindProfileAsync(1, default));
        Assert.Null(await _stores.Users.FindVersionsAsync(1, default));
        Assert.Empty(await _stores.Users.ListSourceRanksAsync(1, default));
        Assert.Equal(
            UserUpdate.NotThere, await _stores.Users.UpdateAsync(1, new() { DisplayName = "Zoë" }, Entries.UserChanged, default));
    }

    static string[] Shuffled(string[] sources, int seed)
    {
        string[] shuffled = [.. sources];
        new Random(seed).Shuffle(shuffled);
        return shuffled;
    }
}
