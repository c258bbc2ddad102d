using HealthExport.Reading;

namespace HealthExport.Events;

/// <summary>
/// Canonical codes of what phones write in words: in English, and in the translations that were seen. The app
/// translates by machine, so these are not always Apple's own words.
/// </summary>
static class EventCodes
{
    public static TextCodes Symptoms { get; } = new("""
        abdominal_cramps
        acne
        appetite_changes
        bladder_incontinence
        bloating
        breast_pain
        chest_tightness_or_pain: Opresión o Dolor en el Pecho
        chills
        constipation
        coughing
        diarrhea
        dizziness
        dry_skin
        fainting
        fatigue: Fatiga
        fever
        generalized_body_ache
        hair_loss
        headache
        heartburn
        hot_flashes
        loss_of_smell
        loss_of_taste
        lower_back_pain
        memory_lapse
        mood_changes
        nausea
        night_sweats
        pelvic_pain
        rapid_pounding_or_fluttering_heartbeat
        runny_nose
        shortness_of_breath
        sinus_congestion
        skipped_heartbeat
        sleep_changes
        sore_throat
        vaginal_dryness
        vomiting
        wheezing
        """);

    public static TextCodes Cycle { get; } = new("""
        bleeding_after_pregnancy
        bleeding_during_pregnancy
        cervical_mucus_quality
        contraceptive
        infrequent_menstrual_cycles
        intermenstrual_bleeding
        irregular_menstrual_cycles
        lactation
        menstrual_flow: Flujo Menstrual
        ovulation_test_result
        persistent_intermenstrual_bleeding
        pregnancy
        pregnancy_test_result
        progesterone_test_result
        prolonged_menstrual_periods
        """);

    public static TextCodes Doses { get; } = new("""
        taken: Tomado
        skipped: Omitido
        not_interacted: No Interactuado
        not_logged
        snoozed
        notification_not_sent
        unspecified
        """);

    public static TextCodes Electrocardiograms { get; } = new("""
        sinus_rhythm: Ritmo Sinusal
        atrial_fibrillation
        high_heart_rate
        low_heart_rate
        inconclusive
        inconclusive_high_heart_rate
        inconclusive_low_heart_rate
        inconclusive_poor_recording: Poor Recording
        inconclusive_other
        unrecognized
        not_set
        """);

    public static TextCodes Notifications { get; } = new("""
        low_heart_rate_notification: Low Heart Rate
        high_heart_rate_notification: High Heart Rate
        irregular_rhythm_notification: Irregular Rhythm, Irregular Heart Rate Notification
        """);

    /// <summary>From the least pleasant to the most: a class that is sent as a number counts them from 1.</summary>
    public static IReadOnlyList<string> Valences { get; } =
    [
        "very_unpleasant", "unpleasant", "slightly_unpleasant", "neutral", "slightly_pleasant", "pleasant",
        "very_pleasant",
    ];

    public static TextCodes ValenceNames { get; } = new(string.Join('\n', Valences));
}
