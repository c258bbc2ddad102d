using HealthExport.Reading;

namespace HealthExport.Workouts;

/// <summary>
/// The kinds of workout by the names that phones give them: Apple's English ones, with where it took place before or
/// after, and the translations that were seen. The codes are HealthKit's names in snake case.
/// </summary>
public static class ActivityNames
{
    static readonly string[] Places = ["Indoor", "Outdoor"];

    static readonly TextCodes Names = new("""
        american_football
        archery
        australian_football
        badminton
        barre
        baseball
        basketball
        bowling
        boxing
        cardio_dance: Dance
        climbing
        cooldown
        core_training
        cricket
        cross_country_skiing
        cross_training
        curling
        cycling: Cycle, Bike, Biking, Bike Ride, Ride
        disc_sports
        downhill_skiing: Skiing
        elliptical
        equestrian_sports
        fencing
        fishing
        fitness_gaming
        flexibility
        functional_strength_training: Funktionales Krafttraining
        golf
        gymnastics
        hand_cycling
        handball
        high_intensity_interval_training: HIIT
        hiking: Hike
        hockey
        hunting
        jump_rope
        kickboxing
        lacrosse
        martial_arts
        mind_and_body
        mixed_cardio: Mixed Metabolic Cardio Training
        multisport: Swim Bike Run
        other
        paddle_sports: Paddling
        pickleball
        pilates
        play
        preparation_and_recovery
        racquetball
        rolling
        rowing: Row, Rower
        rugby
        running: Run, Ausführen, Laufen, Outdoor Ausführen, Corrida ao ar livre, Course à pied en extérieur
        running: Löpning utomhus, 户外跑步
        sailing
        skating_sports: Skating
        snow_sports
        snowboarding
        soccer
        social_dance
        softball
        squash
        stair_climbing
        stairs: Stair Stepper
        step_training
        surfing_sports: Surfing
        swimming: Swim, Pool Swim, Pool Swimming, Open Water Swim, Open Water Swimming, Lap Swim
        table_tennis
        tai_chi
        tennis
        track_and_field
        traditional_strength_training: Strength Training
        transition
        underwater_diving
        volleyball
        walking: Walk, Spaziergang im Freien, Camminata all’aperto, 屋外ウォーキング
        water_fitness
        water_polo
        water_sports
        wheelchair_run_pace
        wheelchair_walk_pace
        wrestling
        yoga
        """);

    /// <summary>The canonical activity, or null for a name that has no mapping.</summary>
    public static string? Find(string name)
    {
        if (Names.Find(name) is { } code) return code;
        name = name.Trim();
        foreach (var place in Places)
            if (name.StartsWith(place, StringComparison.OrdinalIgnoreCase)) return Names.Find(name[place.Length..]);
        return null;
    }
}
