using System.Globalization;
using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Tests.Support;
using HealthExport.Texts;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="ITextStore"/> promises, for any engine: what lacks a code, and what gets one.</summary>
public abstract partial class TextStoreContract : IAsyncLifetime
{
    StoreFixture _stores = null!;
    User _user = null!;

    public async ValueTask InitializeAsync()
    {
        _stores = await OpenAsync();
        _user = await _stores.AddUserAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<StoreFixture> OpenAsync();

    static string Body(params string[] sections) => $$"""{"data":{ {{string.Join(",", sections)}} } }""";

    static string Stages(params string[] stages) => $$"""
        "metrics":[{"name":"sleep_analysis","units":"hr","data":[{{string.Join(",", stages)}}]}]
        """;

    static string Stage(int hour, string text, double hours = 1) => $$"""
        {"startDate":"2024-01-01 {{hour:00}}:00:00 +0100","value":"{{text}}","source":"Watch",
        "endDate":"2024-01-01 {{hour:00}}:{{60 * hours - 1:00}}:00 +0100"}
        """;

    static string Section(string name, params string[] items) => $"\"{name}\":[{string.Join(",", items)}]";

    static string Symptom(int day, string name, string severity) => $$"""
        {"name":"{{name}}","severity":"{{severity}}","start":"2024-01-{{day:00}} 08:00:00 +0100",
        "end":"2024-01-{{day:00}} 09:00:00 +0100"}
        """;

    static string Notification(int day, string text, int threshold = 120) => $$"""
        {"heartNotification":"{{text}}","threshold":{{threshold}},"start":"2024-01-{{day:00}} 08:00:00 +0100"}
        """;

    static string Workout(int day, string name, string? id = null) => $$"""
        { {{(id is null ? "" : $"\"id\":\"{id}\",")}}"name":"{{name}}","start":"2024-01-{{day:00}} 08:00:00 +0100",
        "end":"2024-01-{{day:00}} 09:00:00 +0100","duration":3600}
        """;

    static TextKind Kind(string name) => TextKind.All.Single(kind => kind.Name == name);

    static DateTimeOffset At(int day, int hour = 8) => new(2024, 1, day, hour, 0, 0, TimeSpan.FromHours(1));

    Task<Receipt> ApplyAsync(params string[] sections) => _stores.ApplyAsync(_user.Id, Body(sections));

    async Task<string[]> ListAsync(int limit = 100) =>
        [.. (await ReadAsync(limit)).Select(text => $"{text.Kind.Name} {text.Text} {text.Count}")];

    async Task<List<UnmappedText>> ReadAsync(int limit)
    {
        List<UnmappedText> texts = [];
        IReadOnlyList<UnmappedText> page;
        do
        {
            page = await _stores.Texts.ListAsync(
                _user.Id, texts.Count == 0 ? null : TextPlace.Of(texts[^1]), limit, default);
            texts.AddRange(page);
        }
        while (page.Count == limit);
        return texts;
    }

    ValueTask<long> MapAsync(string kind, string text, string code) =>
        _stores.Texts.MapAsync(_user.Id, Kind(kind), text, code, default);

    ValueTask<long> CountAsync(string table, string condition = "true") => _stores.ReadAsync(
        string.Create(
            CultureInfo.InvariantCulture,
            $"select count(*) from {table} where user_id = {_user.Id} and {condition}"));

    async Task<long> ReadVersionAsync() => (await _stores.Users.FindVersionsAsync(_user.Id, default))!.Data;

    /// <summary>Something of every vocabulary, once known and once or twice not.</summary>
    static readonly string[] s_life =
    [
        Stages(Stage(1, "REM"), Stage(2, "Nap-ish"), Stage(3, "Nap-ish"), Stage(4, "Ύπνος")),
        Section("workouts", Workout(1, "Outdoor Run"), Workout(2, "Quidditch"), Workout(3, "Quidditch")),
        Section(
            "symptoms", Symptom(1, "Headache", "Mild"), Symptom(2, "Gloom", "Mild"), Symptom(3, "Headache", "So-so")),
        """
        "cycleTracking":[
            {"name":"Menstrual Flow","value":"Heavy","start":"2024-01-01 08:00:00 +0100"},
            {"name":"Moonwards","value":"Torrential","start":"2024-01-02 08:00:00 +0100"},
            {"name":"Moonwards","start":"2024-01-03 08:00:00 +0100"}]
        """,
        """
        "medications":[
            {"displayText":"A","status":"Taken","start":"2024-01-01 08:00:00 +0100"},
            {"displayText":"A","status":"Spat out","start":"2024-01-02 08:00:00 +0100"},
            {"displayText":"A","status":"","start":"2024-01-03 08:00:00 +0100"}]
        """,
        """
        "ecg":[
            {"classification":"Sinus Rhythm","start":"2024-01-01 08:00:00 +0100","end":"2024-01-01 08:00:30 +0100"},
            {"classification":"Waltz","start":"2024-01-02 08:00:00 +0100","end":"2024-01-02 08:00:30 +0100"}]
        """,
        Section("heartRateNotifications", Notification(1, "High Heart Rate"), Notification(2, "Boom")),
        """
        "stateOfMind":[
            {"id":"a","valenceClassification":"Pleasant","start":"2024-01-01 08:00:00 +0100"},
            {"id":"b","valenceClassification":"Meh","start":"2024-01-02 08:00:00 +0100"},
            {"id":"c","valenceClassification":9,"start":"2024-01-03 08:00:00 +0100"}]
        """,
        """
        "moonPhases":[{"text":"none of ours","name":"neither"}]
        """,
    ];

    static readonly string[] s_unmapped =
    [
        "activity Quidditch 2", "cycle Moonwards 2", "cycle_value Torrential 1", "ecg_classification Waltz 1",
        "heart_rate_notification Boom 1", "medication_status Spat out 1", "severity So-so 1", "sleep_stage Nap-ish 2",
        "sleep_stage Ύπνος 1", "symptom Gloom 1", "valence 9 1", "valence Meh 1",
    ];

    [Fact]
    public async Task Texts_without_a_code_are_listed_by_kind_and_text_with_how_often_and_from_when_to_when()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        Assert.Empty(await ListAsync());
        await ApplyAsync(s_life);
        foreach (var limit in (int[])[1, 2, 5, 100]) Assert.Equal(s_unmapped, await ListAsync(limit));

        var first = (await ReadAsync(100))[0];
        Assert.Equal((Instant.From(At(2)), Instant.From(At(3))), (first.FirstAt, first.LastAt));
        Assert.Empty(await _stores.Texts.ListAsync(other.Id, null, 100, default));

        // Of what is stored now: a replay counts nothing twice, and what is deleted is not listed.
        await ApplyAsync([.. s_life, Section("more")]);
        Assert.Equal(s_unmapped, await ListAsync());
        await _stores.Deletions.DeleteAsync(_user.Id, Deleting.Of(null));
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task A_text_gets_its_code_in_every_row_and_stays_as_sent_beside_it()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        await ApplyAsync(s_life);
        await _stores.ApplyAsync(other.Id, Body(s_life));
        var before = await ReadVersionAsync();

        foreach (var (text, code) in new[] { ("Quidditch", "running"), ("nothing", "running") })
            Assert.Equal(code == "running" && text == "Quidditch" ? 2 : 0, await MapAsync("activity", text, code));
        Assert.True(await ReadVersionAsync() > before);
        foreach (var (kind, text) in new[]
        {
            ("cycle", "Moonwards"), ("cycle_value", "Torrential"), ("ecg_classification", "Waltz"),
            ("heart_rate_notification", "Boom"), ("medication_status", "Spat out"), ("severity", "So-so"),
            ("sleep_stage", "Nap-ish"), ("sleep_stage", "Ύπνος"), ("symptom", "Gloom"), ("valence", "9"),
        })
            Assert.Equal(
                s_unmapped.Contains($"{kind} {text} 2") ? 2 : 1, await MapAsync(kind, text, "rem"));

        Assert.Equal(["valence Meh 1"], await ListAsync());
        var settled = await ReadVersionAsync();
        Assert.Equal(0, await MapAsync("sleep_stage", "Nap-ish", "rem"));
        Assert.Equal(settled, await ReadVersionAsync());
        Assert.Equal(2, await CountAsync("workouts", "activity = 'running' and name_as_sent = 'Quidditch'"));
        Assert.Equal(2, await CountAsync("sleep_stages", "stage = 'rem' and stage_as_sent = 'Nap-ish'"));
        Assert.Equal(1, await CountAsync("health_events", "code = 'rem' and text = 'Gloom'"));
        Assert.Equal(1, await CountAsync("health_events", "value_code = 'rem' and value_text = 'So-so'"));
        Assert.Equal(1, await CountAsync("health_events", "code = 'rem' and text = 'Boom' and identity like 'rem%'"));
        Assert.Equal(0, await CountAsync("removed_samples"));
        Assert.Equal(s_unmapped.Length, (await _stores.Texts.ListAsync(other.Id, null, 100, default)).Count);
    }

    [Fact]
    public async Task A_segment_whose_canonical_row_is_there_becomes_one_with_it_and_the_earlier_is_kept_apart()
    {
        await ApplyAsync(Stages(Stage(1, "Nap-ish", 0.5), Stage(2, "Nap-ish", 0.5), Stage(3, "Nap-ish", 0.5)));
        await ApplyAsync(Stages(Stage(1, "REM"), Stage(2, "REM")));
        await ApplyAsync(Stages(Stage(2, "Nap-ish", 0.75)));

        Assert.Equal(3, await MapAsync("sleep_stage", "Nap-ish", "rem"));

        Assert.Equal(3, await CountAsync("sleep_stages", "stage = 'rem'"));
        Assert.Equal(3, await CountAsync("sleep_stages"));
        Assert.Equal(1, await CountAsync("sleep_stages", "stage_as_sent is null and ingestion = 2"));
        Assert.Equal(1, await CountAsync("sleep_stages", "stage_as_sent = 'Nap-ish' and ingestion = 3"));
        Assert.Equal(1, await CountAsync("sleep_stages", "stage_as_sent = 'Nap-ish' and ingestion = 1"));
        const string ofStages = "kind = 'sleep_stages' and ordinal = 0 and extra like";
        Assert.Equal(
            1,
            await CountAsync("removed_samples", $"{ofStages} '%Nap-ish%' and ingestion = 2 and written_by = 1"));
        Assert.Equal(
            1, await CountAsync("removed_samples", $"{ofStages} '%\"rem\"%' and ingestion = 3 and written_by = 2"));

        await _stores.Deletions.DeleteAsync(_user.Id, Deleting.Of(ItemTypes.Sleep));
        Assert.Equal(0, await CountAsync("removed_samples"));
    }

    [Fact]
    public async Task A_notification_whose_canonical_row_is_there_becomes_one_with_it_and_the_earlier_is_kept_apart()
    {
        await ApplyAsync(Section(
            "heartRateNotifications", Notification(1, "Boom", 101), Notification(2, "Boom", 102),
            Notification(3, "Boom", 103)));
        await ApplyAsync(Section(
            "heartRateNotifications", Notification(1, "High Heart Rate", 111),
            Notification(2, "High Heart Rate", 112)));
        await ApplyAsync(Section("heartRateNotifications", Notification(2, "Boom", 122)));

        Assert.Equal(3, await MapAsync("heart_rate_notification", "Boom", "high_heart_rate_notification"));

        Assert.Equal(3, await CountAsync("health_events", "identity like 'high_heart_rate_notification%'"));
        foreach (var threshold in (int[])[111, 122, 103])
            Assert.Equal(1, await CountAsync("health_events", $"value = {threshold} and code is not null"));
        Assert.Equal(3, await CountAsync("health_events"));
        const string ofEvents = "kind = 'health_events' and ordinal = 0 and extra like";
        Assert.Equal(
            1, await CountAsync("removed_samples", $"{ofEvents} '%\"value\":101%' and ingestion = 2 and written_by = 1"));
        Assert.Equal(
            1, await CountAsync("removed_samples", $"{ofEvents} '%\"value\":112%' and ingestion = 3 and written_by = 2"));

        await _stores.Deletions.DeleteAsync(_user.Id, Deleting.Of("symptom"));
        Assert.Equal(2, await CountAsync("removed_samples"));
        await _stores.Deletions.DeleteAsync(_user.Id, Deleting.Of("heart_rate_notification"));
        Assert.Equal(0, await CountAsync("removed_samples"));
    }

    [Fact]
    public async Task A_long_text_is_shown_in_part_and_never_taken_for_what_it_begins_with()
    {
        var padded = "Running" + new string(' ', 300);
        var (a, b) = (padded + "a", padded + "b");
        await ApplyAsync(Section("workouts", Workout(1, a), Workout(2, b)));

        var text = Assert.Single(await ReadAsync(100));
        Assert.Equal((a[..TextKind.MostShown], 2), (text.Text, text.Count));
        Assert.Empty(await new TextRemap(_stores.Texts).RunAsync(_user.Id, isDryRun: false, default));
        Assert.Equal(0, await MapAsync("activity", text.Text, "running"));
        // Which it would be, if what is shown were all of it.
        Assert.Equal("running", TextCodes.Activities.Find(text.Text));
    }

    [Fact]
    public async Task An_identity_that_was_not_made_of_the_text_stays_what_it_is()
    {
        var strange = new string('x', 1_990);
        await ApplyAsync($$$"""
            "metrics":[
            {"type":"Event","kind":"heart_rate_notification","identity":"Boom\n{{{strange}}}","text":"Boom","payload":{}},
            {"type":"Event","kind":"heart_rate_notification","identity":"my own","text":"Boom","payload":{}},
            {"type":"Event","kind":"heart_rate_notification","identity":"Boom\n","text":"Boom","payload":{}},
            {"type":"Event","kind":"heart_rate_notification","identity":"Boom\n-7","text":"Boom","payload":{}}]
            """);
        Assert.Equal(4, await MapAsync("heart_rate_notification", "Boom", "irregular_rhythm_notification"));
        Assert.Equal(4, await CountAsync("health_events", "code = 'irregular_rhythm_notification'"));
        foreach (var identity in (string[])
        [
            $"Boom\n{strange}", "my own", "irregular_rhythm_notification\n", "irregular_rhythm_notification\n-7",
        ])
            Assert.Equal(1, await CountAsync("health_events", $"identity = '{identity}'"));

        // Without a start it has to be kept apart all the same.
        await ApplyAsync("""
            "metrics":[
            {"type":"Event","kind":"heart_rate_notification","identity":"Boom\n-7","text":"Boom","payload":{"a":1}}]
            """);
        Assert.Equal(1, await MapAsync("heart_rate_notification", "Boom", "irregular_rhythm_notification"));
        Assert.Equal(4, await CountAsync("health_events"));
        Assert.Equal(1, await CountAsync("removed_samples", "kind = 'health_events' and written_by = 1"));
    }

    [Fact]
    public async Task Two_at_once_beside_a_push_map_each_row_once()
    {
        await ApplyAsync(Stages([.. MinutesOf(0, 3_000, "Nap-ish")]));

        var rows = await Task.WhenAll(
            Task.Run(() => MapAsync("sleep_stage", "Nap-ish", "rem").AsTask()),
            Task.Run(() => MapAsync("sleep_stage", "Nap-ish", "rem").AsTask()),
            Task.Run(async () =>
            {
                await ApplyAsync(Section("symptoms", Symptom(1, "Headache", "Mild")));
                return 0L;
            }));

        Assert.Equal(3_000, rows.Sum());
        Assert.Equal(3_000, await CountAsync("sleep_stages", "stage = 'rem'"));
        Assert.Equal(1, await CountAsync("health_events", "code = 'headache'"));
    }

    [Fact]
    public async Task Broken_off_half_way_it_is_right_as_far_as_it_went_and_goes_on_when_it_is_repeated()
    {
        const int all = 3_000, free = 2_000;
        await ApplyAsync(Stages([.. MinutesOf(0, all, "Nap-ish")]));
        await ApplyAsync(Stages([.. MinutesOf(free, all - free, "REM")]));
        var before = await ReadVersionAsync();
        await _stores.RefuseDeletingAsync("sleep_stages");

        await Assert.ThrowsAnyAsync<Exception>(async () => await MapAsync("sleep_stage", "Nap-ish", "rem"));

        var mapped = await CountAsync("sleep_stages", "stage_as_sent = 'Nap-ish' and stage = 'rem'");
        Assert.InRange(mapped, 1, free);
        Assert.Equal([$"sleep_stage Nap-ish {all - mapped}"], await ListAsync());
        Assert.Equal(0, await CountAsync("removed_samples"));
        Assert.True(await ReadVersionAsync() > before);

        await _stores.AllowDeletingAsync("sleep_stages");
        Assert.Equal(all - mapped, await MapAsync("sleep_stage", "Nap-ish", "rem"));
        Assert.Equal(all, await CountAsync("sleep_stages", "stage = 'rem'"));
        Assert.Equal(all, await CountAsync("sleep_stages"));
        Assert.Equal(all - free, await CountAsync("removed_samples", "ingestion = 2 and written_by = 1"));
    }

    static IEnumerable<string> MinutesOf(int first, int count, string stage) =>
        from minute in Enumerable.Range(first, count)
        let at = $"2024-01-{1 + minute / 1440:00} {minute / 60 % 24:00}:{minute % 60:00}"
        select $$"""
            {"startDate":"{{at}}:00 +0100","endDate":"{{at}}:30 +0100","value":"{{stage}}","source":"Watch"}
            """;

    [Fact]
    public async Task Who_was_mapped_by_another_table_is_found_in_turn_and_nobody_who_is_being_erased()
    {
        var second = await _stores.AddUserAsync("two@example.org");
        var gone = await _stores.AddUserAsync("three@example.org");
        await ApplyAsync(s_life);
        await _stores.Users.BeginErasingAsync(gone.Id, default);
        Assert.Equal(_user.Id, await _stores.Texts.FindUserToMapAsync(0, 7, default));
        Assert.Equal(second.Id, await _stores.Texts.FindUserToMapAsync(_user.Id, 7, default));
        Assert.Null(await _stores.Texts.FindUserToMapAsync(second.Id, 7, default));

        await _stores.Texts.MarkMappedAsync(_user.Id, 7, default);
        Assert.Equal(second.Id, await _stores.Texts.FindUserToMapAsync(0, 7, default));
        Assert.Equal(_user.Id, await _stores.Texts.FindUserToMapAsync(0, -7, default));

        await _stores.Users.BeginErasingAsync(_user.Id, default);
        Assert.Equal(0, await MapAsync("activity", "Quidditch", "running"));
        Assert.Equal(0, await CountAsync("workouts", "activity = 'quidditch'"));
    }
}
