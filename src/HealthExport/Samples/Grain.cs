namespace HealthExport.Samples;

/// <summary>How much time one sample row stands for. The numbers are stored; never renumber.</summary>
public enum Grain : byte
{
    Sample = 0,
    Minute = 1,
    Hour = 2,
    Day = 3,
    Week = 4,
    Month = 5,
    Year = 6,
}
