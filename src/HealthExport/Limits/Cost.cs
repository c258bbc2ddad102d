namespace HealthExport.Limits;

/// <summary>What a request uses up of its key's allowance; neither is below zero.</summary>
/// <param name="Bytes">Of its body, decoded.</param>
public readonly record struct Cost(long Requests, long Bytes)
{
    /// <summary>Takes nothing: asks how things are.</summary>
    public static readonly Cost Nothing;

    public static readonly Cost OneRequest = new(1, 0);
    public static readonly Cost OneByte = new(0, 1);
}

/// <summary>Whether a cost was taken, whole, and how things are afterwards.</summary>
/// <param name="Used">Within the hour, what was taken now included.</param>
/// <param name="Wait">
/// After how long the cost would fit if nothing else came; zero if it was taken, null if it never will, being more than
/// the whole allowance.
/// </param>
/// <param name="RequestReset">After how long one request would fit; zero if one does.</param>
/// <param name="ByteReset">After how long one byte would.</param>
/// <param name="Minute">That it was taken in; it is given back to the same.</param>
public readonly record struct Verdict(
    bool IsTaken, Cost Used, TimeSpan? Wait, TimeSpan RequestReset, TimeSpan ByteReset, int Minute);

/// <summary>Whose use is counted, and of what.</summary>
/// <param name="KeyId">The key's public id.</param>
public readonly record struct UsageKey(string KeyId, LimitClass Class);
