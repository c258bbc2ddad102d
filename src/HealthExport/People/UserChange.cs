namespace HealthExport.People;

/// <summary>What to change of a person; what is not given stays as it is.</summary>
public sealed record UserChange
{
    /// <summary>How many sources can be ranked.</summary>
    public const int MaxSourceRanks = 100;

    /// <summary>As <see cref="EmailAddress.IsOne"/> has it.</summary>
    public Given<string> Email { get; init; }

    /// <summary>Null takes it away.</summary>
    public Given<string?> DisplayName { get; init; }

    /// <summary>An IANA id; null takes it away. Holds for what is received from then on.</summary>
    public Given<string?> TimeZone { get; init; }

    /// <summary>Normalised, each once, the one believed first first; none to rank as is guessed.</summary>
    public Given<string[]> SourceRanks { get; init; }
}

/// <summary>A value that may be absent, which is not the same as null.</summary>
public readonly record struct Given<T>
{
    Given(T value) => (IsGiven, Value) = (true, value);

    public bool IsGiven { get; }

    /// <summary>The default if none is given.</summary>
    public T Value { get; }

    public T Or(T absent) => IsGiven ? Value : absent;

    public static implicit operator Given<T>(T value) => new(value);
}

/// <summary>What became of a change: it took effect whole, or not at all.</summary>
/// <param name="Profile">As it stands now; null where nothing was changed for one of the reasons that follow, or
/// because the person is not there.</param>
/// <param name="IsEmailTaken">Somebody else has that e-mail.</param>
/// <param name="UnknownSources">Those of <see cref="UserChange.SourceRanks"/> that nothing of this person's came from.
/// </param>
public sealed record UserUpdate(UserProfile? Profile, bool IsEmailTaken, IReadOnlyList<string> UnknownSources)
{
    public static UserUpdate NotThere { get; } = new(null, false, []);
}
