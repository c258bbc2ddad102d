using HealthExport.Pushes;
using HealthExport.Tests.Support;
using HealthExport.Texts;

namespace HealthExport.Tests.Contracts;

// What an older build, whose table was smaller, has left behind; and the same sent again.
public abstract partial class TextStoreContract
{
    const string Id = "11111111-2222-4333-8444-555555555555";

    static readonly string[] s_translated =
    [
        Stages(Stage(1, "Sommeil profond"), Stage(2, "Tief"), Stage(3, "Core")),
        Section("workouts", Workout(1, "Laufen im Freien", Id), Workout(2, "Course à pied"), Workout(3, "Running")),
        Section("symptoms", Symptom(1, "Kopfschmerzen", "Leicht"), Symptom(2, "Fatiga", "Presente")),
        """
        "cycleTracking":[{"name":"Flujo Menstrual","value":"Pesado","start":"2024-01-04 00:00:00 +0100"}]
        """,
        """
        "medications":[{"displayText":"A","status":"Eingenommen","start":"2024-01-01 08:00:00 +0100"}]
        """,
        Section("heartRateNotifications", Notification(1, "Hohe Herzfrequenz"), Notification(2, "High Heart Rate")),
    ];

    /// <summary>The rows as a build with an empty table would have written them.</summary>
    async Task ForgetCodesAsync()
    {
        await _stores.ExecuteAsync("update workouts set activity = null");
        await _stores.ExecuteAsync("update sleep_stages set stage = stage_as_sent where stage_as_sent is not null");
        await _stores.ExecuteAsync("update health_events set code = null, value_code = null");
        await _stores.ExecuteAsync("""
            update health_events
            set identity = replace(identity, 'high_heart_rate_notification', text)
            where kind = 'heart_rate_notification'
            """);
    }

    ValueTask<IReadOnlyList<MappedText>> RemapAsync(bool isDryRun = false) =>
        new TextRemap(_stores.Texts).RunAsync(_user.Id, isDryRun, default);

    static string[] Describe(IReadOnlyList<MappedText> texts) =>
        [.. texts.Select(text => $"{text.Kind.Name} {text.Text} {text.Code} {text.Rows}")];

    static readonly string[] s_mapped =
    [
        "activity Course à pied running 1", "activity Laufen im Freien running 1", "activity Running running 1",
        "cycle Flujo Menstrual menstrual_flow 1", "cycle_value Pesado heavy 1",
        "heart_rate_notification High Heart Rate high_heart_rate_notification 1",
        "heart_rate_notification Hohe Herzfrequenz high_heart_rate_notification 1",
        "medication_status Eingenommen taken 1", "severity Leicht mild 1", "severity Presente present 1",
        "sleep_stage Sommeil profond deep 1", "sleep_stage Tief deep 1",
        "symptom Fatiga fatigue 1", "symptom Kopfschmerzen headache 1",
    ];

    [Fact]
    public async Task What_an_older_build_left_without_codes_becomes_what_this_one_writes()
    {
        await ApplyAsync(s_translated);
        var right = await UserRowsAsync();
        await ForgetCodesAsync();
        Assert.NotEqual(right, await UserRowsAsync());

        var before = await ReadVersionAsync();
        Assert.Equal(s_mapped, Describe(await RemapAsync(isDryRun: true)));
        Assert.Equal((before, s_mapped.Length), (await ReadVersionAsync(), (await ListAsync()).Length));
        Assert.Equal(s_mapped, Describe(await RemapAsync()));
        Assert.True(await ReadVersionAsync() > before);
        Assert.Empty(await ListAsync());
        Assert.Equal(right, await UserRowsAsync());
        Assert.Empty(await RemapAsync());

        // Sent again, in other bytes: nothing is new, and no row without a code comes back.
        var again = await ApplyAsync([.. s_translated, Section("more")]);
        Assert.Equal((0, 0), (again.Counts.Inserted, again.Counts.Updated));
        Assert.Equal(right, await UserRowsAsync());
    }

    [Fact]
    public async Task A_replay_of_the_push_that_wrote_the_texts_brings_none_back()
    {
        var kept = await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, _user.Id, Body(s_translated)));
        await new PushApplication(_stores.Ingestions).ApplyAsync(await _stores.Ingestions.GetClaimAsync(), default);
        await ForgetCodesAsync();
        await RemapAsync();
        var right = await UserRowsAsync();

        await _stores.Ingestions.ReplayAsync(_user.Id, kept.Ingestion.Id, default);
        var replayed = await new PushApplication(_stores.Ingestions).ApplyAsync(
            await _stores.Ingestions.GetClaimAsync(), default);

        Assert.Equal((0, 0), (replayed.Counts.Inserted, replayed.Counts.Updated));
        Assert.Equal(right, await UserRowsAsync());
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task A_workout_without_an_id_finds_its_row_again_after_it_was_mapped()
    {
        await ApplyAsync(Section("workouts", Workout(2, "Course à pied")));
        // The id that was made of an activity nobody knew.
        await ForgetCodesAsync();
        var other = HealthExport.Workouts.WorkoutMerge.MakeId(new()
        {
            NameAsSent = "", StartAt = Time.Instant.From(At(2)), EndAt = Time.Instant.From(At(2, 9)), OffsetMinutes = 60,
        });
        await _stores.ExecuteAsync($"update workouts set id = {_stores.IdOf(other)}");
        await RemapAsync();

        Assert.Equal(1, (await ApplyAsync(Section("workouts", Workout(2, "Course à pied")))).Counts.Unchanged);
        Assert.Equal(1, (await ApplyAsync(Section("workouts", Workout(2, "Outdoor Run")))).Counts.Updated);
        Assert.Equal(1, await CountAsync("workouts"));
        Assert.Equal(1, await CountAsync("workouts", "activity = 'running' and name_as_sent = 'Outdoor Run'"));
        Assert.NotNull(await _stores.Workouts.FindAsync(_user.Id, other, default));
    }

    [Fact]
    public async Task Events_of_before_there_was_a_place_for_it_get_the_value_that_their_payload_says()
    {
        await ApplyAsync(
            Section("symptoms", Symptom(1, "Headache", "Leicht"), Symptom(2, "Headache", "So-so")),
            """
            "cycleTracking":[{"name":"Menstrual Flow","value":"Pesado","start":"2024-01-04 00:00:00 +0100"},
                {"name":"Menstrual Flow","start":"2024-01-05 00:00:00 +0100"}]
            """);
        var right = await UserRowsAsync();
        await _stores.ExecuteAsync("update health_events set value_code = null, value_text = null");
        Assert.Empty(await ListAsync());

        Assert.Equal(
            ["cycle_value Pesado heavy 1", "severity Leicht mild 1"], Describe(await RemapAsync(isDryRun: true)));
        Assert.Equal(["cycle_value Pesado heavy 1", "severity Leicht mild 1"], Describe(await RemapAsync()));

        Assert.Equal(["severity So-so 1"], await ListAsync());
        Assert.Equal(right, await UserRowsAsync());
        Assert.Empty(await RemapAsync());
    }

    /// <summary>What is stored of events, segments and workouts, but for the numbers of pushes.</summary>
    async Task<string> UserRowsAsync()
    {
        List<string> rows = [];
        foreach (var (table, columns) in new[]
        {
            ("workouts", "coalesce(activity, '-') || ' ' || name_as_sent"),
            ("sleep_stages", "stage || ' ' || coalesce(stage_as_sent, '-')"),
            ("health_events",
                "kind || ' ' || identity || ' ' || coalesce(code, '-') || ' ' || coalesce(text, '-') || ' ' || "
                + "coalesce(value_code, '-') || ' ' || coalesce(value_text, '-')"),
        })
            rows.AddRange(await _stores.ReadTextsAsync($"select {columns} from {table}"));
        return string.Join("\n", rows.Order(StringComparer.Ordinal));
    }
}
