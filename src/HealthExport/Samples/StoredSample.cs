namespace HealthExport.Samples;

/// <summary>What the store holds under one sample key.</summary>
public struct StoredSample
{
    /// <summary>The row; meaningless unless <see cref="Exists"/>.</summary>
    public Sample Row;

    /// <summary>
    /// The number of the push that wrote the row, or that removed it (<see cref="Exists"/> false); 0 when the key was
    /// never there.
    /// </summary>
    public long Push;

    public bool Exists;
}
