using HealthExport.Catalogue;
using HealthExport.Storage;
using HealthExport.Texts;

namespace HealthExport.Tests.Catalogue;

public sealed class TextCodesTests
{
    const int English = 2;

    /// <summary>Every code, by kind. They stand in stores: none may go or change.</summary>
    const string Codes = """
        activity american_football archery australian_football badminton barre baseball basketball bowling boxing
        activity cardio_dance climbing cooldown core_training cricket cross_country_skiing cross_training curling
        activity cycling disc_sports downhill_skiing elliptical equestrian_sports fencing fishing fitness_gaming
        activity flexibility functional_strength_training golf gymnastics hand_cycling handball hiking hockey hunting
        activity high_intensity_interval_training jump_rope kickboxing lacrosse martial_arts mind_and_body mixed_cardio
        activity multisport other paddle_sports pickleball pilates play preparation_and_recovery racquetball rolling
        activity rowing rugby running sailing skating_sports snow_sports snowboarding soccer social_dance softball
        activity squash stair_climbing stairs step_training surfing_sports swimming table_tennis tai_chi tennis
        activity track_and_field traditional_strength_training transition underwater_diving volleyball walking
        activity water_fitness water_polo water_sports wheelchair_run_pace wheelchair_walk_pace wrestling yoga
        sleep_stage in_bed asleep awake core deep rem unspecified
        symptom abdominal_cramps acne appetite_changes bladder_incontinence bloating breast_pain chills constipation
        symptom chest_tightness_or_pain coughing diarrhea dizziness dry_skin fainting fatigue fever headache heartburn
        symptom generalized_body_ache hair_loss hot_flashes loss_of_smell loss_of_taste lower_back_pain memory_lapse
        symptom mood_changes nausea night_sweats pelvic_pain rapid_pounding_or_fluttering_heartbeat runny_nose
        symptom shortness_of_breath sinus_congestion skipped_heartbeat sleep_changes sore_throat vaginal_dryness
        symptom vomiting wheezing
        severity unspecified not_present present mild moderate severe no_change decreased increased
        cycle bleeding_after_pregnancy bleeding_during_pregnancy cervical_mucus_quality contraceptive lactation
        cycle infrequent_menstrual_cycles intermenstrual_bleeding irregular_menstrual_cycles menstrual_flow pregnancy
        cycle ovulation_test_result persistent_intermenstrual_bleeding pregnancy_test_result progesterone_test_result
        cycle prolonged_menstrual_periods
        cycle_value unspecified none present light medium heavy dry sticky creamy watery egg_white negative positive
        cycle_value indeterminate luteinizing_hormone_surge estrogen_surge implant injection intrauterine_device
        cycle_value intravaginal_ring oral patch
        medication_status taken skipped not_interacted not_logged snoozed notification_not_sent unspecified
        ecg_classification sinus_rhythm atrial_fibrillation high_heart_rate low_heart_rate inconclusive unrecognized
        ecg_classification inconclusive_high_heart_rate inconclusive_low_heart_rate inconclusive_poor_recording
        ecg_classification inconclusive_other not_set
        heart_rate_notification low_heart_rate_notification high_heart_rate_notification irregular_rhythm_notification
        valence very_unpleasant unpleasant slightly_unpleasant neutral slightly_pleasant pleasant very_pleasant
        """;

    /// <summary>HKWorkoutActivityType, every case of it, retired ones too.</summary>
    const string HealthKitActivities = """
        americanFootball archery australianFootball badminton barre baseball basketball bowling boxing cardioDance
        climbing cooldown coreTraining cricket crossCountrySkiing crossTraining curling cycling dance
        danceInspiredTraining discSports downhillSkiing elliptical equestrianSports fencing fishing fitnessGaming
        flexibility functionalStrengthTraining golf gymnastics handCycling handball highIntensityIntervalTraining
        hiking hockey hunting jumpRope kickboxing lacrosse martialArts mindAndBody mixedCardio
        mixedMetabolicCardioTraining other paddleSports pickleball pilates play preparationAndRecovery racquetball
        rowing rugby running sailing skatingSports snowSports snowboarding soccer socialDance softball squash
        stairClimbing stairs stepTraining surfingSports swimBikeRun swimming tableTennis taiChi tennis trackAndField
        traditionalStrengthTraining transition underwaterDiving volleyball walking waterFitness waterPolo waterSports
        wheelchairRunPace wheelchairWalkPace wrestling yoga
        """;

    static readonly string[][] Rows = CatalogueFile.ReadRows("Catalogue/texts.csv");

    static IEnumerable<(string Kind, string Code)> KnownCodes =>
        from line in Codes.ReplaceLineEndings("\n").Split('\n')
        let words = line.Split(' ')
        from code in words.Skip(1)
        select (words[0], code);

    [Fact]
    public void Every_code_has_an_English_name() =>
        Assert.All(Rows, fields => Assert.NotEmpty(fields[English]));

    [Fact]
    public void No_text_means_two_codes()
    {
        var meanings =
            from fields in Rows
            where fields[1].Length > 0
            from text in fields.Skip(English).SelectMany(CatalogueFile.Alternatives).Append(fields[1])
            group (fields[1], text) by (fields[0], BareText.Of(text)) into same
            where same.Select(meaning => meaning.Item1).Distinct().Count() > 1
            select $"{same.Key.Item1}: {string.Join(", ", same)}";
        Assert.Empty(meanings);
    }

    [Fact]
    public void Every_text_is_written_so_that_it_can_be_found() =>
        Assert.All(Rows, fields => Assert.All(fields.Skip(English).SelectMany(CatalogueFile.Alternatives), text =>
        {
            Assert.Equal(text.Trim(), text);
            Assert.NotEmpty(BareText.Of(text));
            if (fields[1].Length > 0) Assert.Equal(fields[1], TextCodes.Kinds[fields[0]].Find(text));
        }));

    [Fact]
    public void No_cell_says_the_same_twice() =>
        Assert.All(Rows, fields => Assert.All(fields.Skip(English), field =>
        {
            var texts = CatalogueFile.Alternatives(field);
            Assert.Equal(texts.DistinctBy(BareText.Of), texts);
        }));

    [Fact]
    public void The_codes_are_the_known_ones() => Assert.Equal(
        KnownCodes.Order(),
        TextCodes.Kinds.SelectMany(kind => kind.Value.Codes.Select(code => (kind.Key, code))).Order());

    [Fact]
    public void What_a_symptom_or_the_cycle_is_said_to_be_has_a_name_in_every_language() => Assert.All(
        Rows.Where(fields => fields is ["severity" or "cycle_value", not "", ..]),
        fields => Assert.DoesNotContain("", fields));

    /// <summary>HKCategoryValueSeverity and the like, every case of them.</summary>
    [Theory]
    [InlineData("severity", "Severity", "unspecified notPresent mild moderate severe")]
    [InlineData("severity", "Presence", "present notPresent")]
    [InlineData("severity", "AppetiteChanges", "unspecified noChange decreased increased")]
    [InlineData("cycle_value", "MenstrualFlow", "unspecified none light medium heavy")]
    [InlineData("cycle_value", "VaginalBleeding", "unspecified none light medium heavy")]
    [InlineData("cycle_value", "CervicalMucusQuality", "dry sticky creamy watery eggWhite")]
    [InlineData("cycle_value", "OvulationTestResult",
        "negative positive luteinizingHormoneSurge indeterminate estrogenSurge")]
    [InlineData("cycle_value", "PregnancyTestResult", "negative positive indeterminate")]
    [InlineData("cycle_value", "ProgesteroneTestResult", "negative positive indeterminate")]
    [InlineData("cycle_value", "Contraceptive",
        "unspecified implant injection intrauterineDevice intravaginalRing oral patch")]
    public void Every_value_of_HealthKit_has_a_code_by_its_name_and_by_its_whole_name(
        string kind, string type, string names) => Assert.All(names.Split(' '), name =>
        {
            Assert.NotNull(TextCodes.Kinds[kind].Find(name));
            Assert.Equal(TextCodes.Kinds[kind].Find(name), TextCodes.Kinds[kind].Find($"HKCategoryValue{type}{name}"));
        });

    [Fact]
    public void Every_vocabulary_has_a_place_in_the_store_and_no_text_is_too_long_to_be_found_there()
    {
        Assert.Equal(TextCodes.Kinds.Keys.Order(StringComparer.Ordinal), TextKind.All.Select(kind => kind.Name));
        Assert.All(TextKind.All, kind => Assert.Same(TextCodes.Kinds[kind.Name], kind.Codes));
        Assert.All(
            Rows.SelectMany(fields => fields.Skip(English).SelectMany(CatalogueFile.Alternatives)),
            text => Assert.InRange(text.Length, 1, TextKind.MostShown / 2));
        // By which an index knows stages that are none.
        Assert.All(
            TextCodes.SleepStages.Codes,
            code => Assert.Contains(
                $"'{code}'", UnmappedRows.Of(TextKind.All.Single(kind => kind.Field == TextField.SleepStage)).Condition,
                StringComparison.Ordinal));
    }

    [Fact]
    public void A_code_is_a_text_of_its_own() => Assert.All(KnownCodes, known =>
    {
        Assert.Equal(known.Code, TextCodes.Kinds[known.Kind].Find(known.Code, out var isEnglish));
        Assert.True(isEnglish);
    });

    [Fact]
    public void Every_activity_of_HealthKit_has_a_code()
    {
        var names = HealthKitActivities.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(84, names.Length);
        Assert.All(names, name => Assert.NotNull(TextCodes.Activities.Find(name)));
    }

    [Fact]
    public void Valences_count_from_the_least_pleasant() => Assert.Equal(
        ["very_unpleasant", "unpleasant", "slightly_unpleasant", "neutral", "slightly_pleasant", "pleasant",
            "very_pleasant"],
        TextCodes.Valences.Codes);

    [Theory]
    [InlineData("activity", "Outdoor Ausführen", "running")]
    [InlineData("activity", "Laufen", "running")]
    [InlineData("activity", "Corrida ao ar livre", "running")]
    [InlineData("activity", "Course à pied en extérieur", "running")]
    [InlineData("activity", "Löpning utomhus", "running")]
    [InlineData("activity", "户外跑步", "running")]
    [InlineData("activity", "Spaziergang im Freien", "walking")]
    [InlineData("activity", "Camminata all’aperto", "walking")]
    [InlineData("activity", "屋外ウォーキング", "walking")]
    [InlineData("activity", "Funktionales Krafttraining", "functional_strength_training")]
    [InlineData("activity", "Dance", "cardio_dance")]
    [InlineData("activity", "Indoor Cycle", "cycling")]
    [InlineData("activity", "Outdoor Bike Ride", "cycling")]
    [InlineData("activity", "Skiing", "downhill_skiing")]
    [InlineData("activity", "Mixed Metabolic Cardio Training", "mixed_cardio")]
    [InlineData("activity", "Swim Bike Run", "multisport")]
    [InlineData("activity", "Indoor Rower", "rowing")]
    [InlineData("activity", "Stair Stepper", "stair_climbing")]
    [InlineData("activity", "Open Water Swim", "swimming")]
    [InlineData("activity", "Strength Training", "traditional_strength_training")]
    [InlineData("sleep_stage", "I sängen", "in_bed")]
    [InlineData("sleep_stage", "Sova", "asleep")]
    [InlineData("sleep_stage", "Vaken", "awake")]
    [InlineData("sleep_stage", "Kärna", "core")]
    [InlineData("sleep_stage", "Djup", "deep")]
    [InlineData("sleep_stage", "Light", "core")]
    [InlineData("symptom", "Fatiga", "fatigue")]
    [InlineData("symptom", "Opresión o Dolor en el Pecho", "chest_tightness_or_pain")]
    [InlineData("symptom", "Rapid, Pounding or Fluttering Heartbeat", "rapid_pounding_or_fluttering_heartbeat")]
    [InlineData("severity", "Presente", "present")]
    [InlineData("cycle", "Flujo Menstrual", "menstrual_flow")]
    [InlineData("cycle_value", "Pesado", "heavy")]
    [InlineData("medication_status", "Tomado", "taken")]
    [InlineData("medication_status", "Omitido", "skipped")]
    [InlineData("medication_status", "No Interactuado", "not_interacted")]
    [InlineData("ecg_classification", "Ritmo Sinusal", "sinus_rhythm")]
    [InlineData("ecg_classification", "Poor Recording", "inconclusive_poor_recording")]
    [InlineData("ecg_classification", "HKElectrocardiogramClassificationSinusRhythm", "sinus_rhythm")]
    [InlineData("heart_rate_notification", "Irregular Heart Rate Notification", "irregular_rhythm_notification")]
    [InlineData("heart_rate_notification", "Low Heart Rate", "low_heart_rate_notification")]
    public void What_phones_were_seen_to_write_is_known(string kind, string text, string code) =>
        Assert.Equal(code, TextCodes.Kinds[kind].Find(text));

    [Theory]
    [InlineData("OUTDOOR RUN", "running")]
    [InlineData("Joggen im Freien", "running")]
    [InlineData("Indoor-Radfahren", "cycling")]
    [InlineData("Vélo en salle", "cycling")]
    [InlineData("Correr al aire libre", "running")]
    [InlineData("Ciclismo indoor", "cycling")]
    [InlineData("Caminhada em ambiente fechado", "walking")]
    [InlineData("Buiten wandelen", "walking")]
    [InlineData("Cykling inomhus", "cycling")]
    [InlineData("Udendørs løb", "running")]
    [InlineData("Innendørs sykling", "cycling")]
    [InlineData("Ulkojuoksu", "running")]
    [InlineData("Bieg na świeżym powietrzu", "running")]
    [InlineData("屋内サイクリング", "cycling")]
    [InlineData("室内骑行", "cycling")]
    [InlineData("戶外健行", "hiking")]
    [InlineData("실외 걷기", "walking")]
    [InlineData("Løping ute", "running")]
    [InlineData("Corrida em interior", "running")]
    [InlineData("Schwimmen (Freiwasser)", "swimming")]
    [InlineData("楼梯机", "stair_climbing")]
    [InlineData("Rower na zewnątrz", "cycling")]
    [InlineData("Rower w pomieszczeniu", "cycling")]
    // A bicycle in Polish, on the Watch a machine.
    [InlineData("Rower", null)]
    [InlineData("Outdoor", null)]
    [InlineData("Outdoor Outdoor Run", null)]
    [InlineData("Schuhplattler", null)]
    [InlineData("", null)]
    [InlineData("—", null)]
    [InlineData(null, null)]
    public void Where_a_workout_took_place_does_not_change_what_it_was(string? name, string? code) =>
        Assert.Equal(code, TextCodes.Activities.Find(name));

    [Theory]
    [InlineData("Core", true)]
    [InlineData("ASLEEP_CORE", true)]
    [InlineData("HKCategoryValueSleepAnalysisAsleepCore", true)]
    [InlineData("Kärna", false)]
    [InlineData("Dösar", false)]
    public void English_is_told_from_a_translation(string stage, bool isEnglish)
    {
        TextCodes.SleepStages.Find(stage, out var told);
        Assert.Equal(isEnglish, told);
    }
}
