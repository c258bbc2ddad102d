using System.Buffers;

namespace HealthExport.Memory;

/// <summary>
/// Buffers for work that is large and bounded in number. Unlike the shared pool it keeps no set for every thread that
/// ever held one: what stays is what some pushes need at once.
/// </summary>
static class BoundedPool<T>
{
    const int LongestKept = 2 << 20;
    const int KeptOfOneSize = 8;

    public static ArrayPool<T> Shared { get; } = ArrayPool<T>.Create(LongestKept, KeptOfOneSize);
}
