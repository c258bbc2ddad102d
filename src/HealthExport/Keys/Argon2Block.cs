using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HealthExport.Keys;

/// <summary>The compression function G of RFC 9106, 3.5, over blocks of 1 KiB seen as 8 rows of 16 words.</summary>
/// <remarks>Optimised at once, not when warm: a server's first check would otherwise take ten times as long.</remarks>
static unsafe class Argon2Block
{
    public const int Words = 128;
    public const int Bytes = 1024;

    /// <summary>Writes G(previous, reference) to <paramref name="next"/>, or XORs it in.</summary>
    /// <remarks>
    /// No two blocks may overlap, but previous and reference may be the same. Scratch is one block, overwritten. What
    /// next holds is kept in the sum if told to accumulate, as passes after the first are.
    /// </remarks>
    public static void Compress(ulong* previous, ulong* reference, ulong* next, ulong* scratch, bool accumulate)
    {
        if (Avx2.IsSupported) CompressVectors(previous, reference, next, scratch, accumulate);
        else CompressWords(previous, reference, next, scratch, accumulate);
    }

    /// <summary>AVX2: two rows, then two pairs of columns at a time, so that their chains overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CompressVectors(
        ulong* previous, ulong* reference, ulong* next, ulong* scratch, bool accumulate)
    {
        for (var row = 0; row < Words; row += 32)
        {
            var a0 = Sum(previous, reference, row);
            var b0 = Sum(previous, reference, row + 4);
            var c0 = Sum(previous, reference, row + 8);
            var d0 = Sum(previous, reference, row + 12);
            var a1 = Sum(previous, reference, row + 16);
            var b1 = Sum(previous, reference, row + 20);
            var c1 = Sum(previous, reference, row + 24);
            var d1 = Sum(previous, reference, row + 28);

            Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1);
            (b0, b1) = (Avx2.Permute4x64(b0, 0b00_11_10_01), Avx2.Permute4x64(b1, 0b00_11_10_01));
            (c0, c1) = (Avx2.Permute4x64(c0, 0b01_00_11_10), Avx2.Permute4x64(c1, 0b01_00_11_10));
            (d0, d1) = (Avx2.Permute4x64(d0, 0b10_01_00_11), Avx2.Permute4x64(d1, 0b10_01_00_11));
            Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1);
            (b0, b1) = (Avx2.Permute4x64(b0, 0b10_01_00_11), Avx2.Permute4x64(b1, 0b10_01_00_11));
            (c0, c1) = (Avx2.Permute4x64(c0, 0b01_00_11_10), Avx2.Permute4x64(c1, 0b01_00_11_10));
            (d0, d1) = (Avx2.Permute4x64(d0, 0b00_11_10_01), Avx2.Permute4x64(d1, 0b00_11_10_01));

            a0.Store(scratch + row);
            b0.Store(scratch + row + 4);
            c0.Store(scratch + row + 8);
            d0.Store(scratch + row + 12);
            a1.Store(scratch + row + 16);
            b1.Store(scratch + row + 20);
            c1.Store(scratch + row + 24);
            d1.Store(scratch + row + 28);
        }

        for (var column = 0; column < 16; column += 4)
        {
            // Each vector holds two words of one column and two of its neighbour; rows 0 and 1 are v0 to v3, and so on.
            var a0 = Vector256.Load(scratch + column);
            var a1 = Vector256.Load(scratch + column + 16);
            var b0 = Vector256.Load(scratch + column + 32);
            var b1 = Vector256.Load(scratch + column + 48);
            var c0 = Vector256.Load(scratch + column + 64);
            var c1 = Vector256.Load(scratch + column + 80);
            var d0 = Vector256.Load(scratch + column + 96);
            var d1 = Vector256.Load(scratch + column + 112);

            Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1);
            (b0, b1) = (Join(b0, b1), Join(b1, b0));
            (d0, d1) = (Join(d1, d0), Join(d0, d1));
            Mix(ref a0, ref b0, ref c1, ref d0, ref a1, ref b1, ref c0, ref d1);
            (b0, b1) = (Join(b1, b0), Join(b0, b1));
            (d0, d1) = (Join(d0, d1), Join(d1, d0));

            Write(a0, column);
            Write(a1, column + 16);
            Write(b0, column + 32);
            Write(b1, column + 48);
            Write(c0, column + 64);
            Write(c1, column + 80);
            Write(d0, column + 96);
            Write(d1, column + 112);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Write(Vector256<ulong> mixed, int at)
        {
            var sum = mixed ^ Sum(previous, reference, at);
            if (accumulate) sum ^= Vector256.Load(next + at);
            sum.Store(next + at);
        }
    }

    /// <summary>The same on any processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CompressWords(ulong* previous, ulong* reference, ulong* next, ulong* scratch, bool accumulate)
    {
        for (var i = 0; i < Words; i++)
        {
            scratch[i] = previous[i] ^ reference[i];
            next[i] = accumulate ? next[i] ^ scratch[i] : scratch[i];
        }

        for (var row = scratch; row < scratch + Words; row += 16) Permute(row, 2);
        for (var column = scratch; column < scratch + 16; column += 2) Permute(column, 16);
        for (var i = 0; i < Words; i++) next[i] ^= scratch[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<ulong> Sum(ulong* left, ulong* right, int at) =>
        Vector256.Load(left + at) ^ Vector256.Load(right + at);

    /// <summary>In each half: the upper word of the first, then the lower word of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<ulong> Join(Vector256<ulong> first, Vector256<ulong> second) =>
        Avx2.AlignRight(second.AsByte(), first.AsByte(), 8).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Mix(
        ref Vector256<ulong> a0, ref Vector256<ulong> b0, ref Vector256<ulong> c0, ref Vector256<ulong> d0,
        ref Vector256<ulong> a1, ref Vector256<ulong> b1, ref Vector256<ulong> c1, ref Vector256<ulong> d1)
    {
        a0 = MultiplyAdd(a0, b0);
        a1 = MultiplyAdd(a1, b1);
        d0 = RotateRight32(d0 ^ a0);
        d1 = RotateRight32(d1 ^ a1);
        c0 = MultiplyAdd(c0, d0);
        c1 = MultiplyAdd(c1, d1);
        b0 = RotateRight24(b0 ^ c0);
        b1 = RotateRight24(b1 ^ c1);
        a0 = MultiplyAdd(a0, b0);
        a1 = MultiplyAdd(a1, b1);
        d0 = RotateRight16(d0 ^ a0);
        d1 = RotateRight16(d1 ^ a1);
        c0 = MultiplyAdd(c0, d0);
        c1 = MultiplyAdd(c1, d1);
        b0 = RotateRight63(b0 ^ c0);
        b1 = RotateRight63(b1 ^ c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<ulong> MultiplyAdd(Vector256<ulong> x, Vector256<ulong> y)
    {
        var product = Avx2.Multiply(x.AsUInt32(), y.AsUInt32());
        return x + y + (product + product);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<ulong> RotateRight32(Vector256<ulong> x) => Avx2.Shuffle(x.AsUInt32(), 0b10_11_00_01).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<ulong> RotateRight24(Vector256<ulong> x) =>
        Avx512F.VL.IsSupported
            ? Avx512F.VL.RotateRight(x, 24)
            : Avx2.Shuffle(
                x.AsByte(),
                Vector256.Create(
                    (byte)3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10,
                    3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10)).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<ulong> RotateRight16(Vector256<ulong> x) =>
        Avx512F.VL.IsSupported
            ? Avx512F.VL.RotateRight(x, 16)
            : Avx2.Shuffle(
                x.AsByte(),
                Vector256.Create(
                    (byte)2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9,
                    2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9)).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<ulong> RotateRight63(Vector256<ulong> x) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateRight(x, 63) : (x + x) ^ (x >>> 63);

    /// <summary>The permutation P over eight pairs of words, <paramref name="stride"/> words apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Permute(ulong* v, int stride)
    {
        ulong v0 = v[0], v1 = v[1], v2 = v[stride], v3 = v[stride + 1];
        ulong v4 = v[2 * stride], v5 = v[2 * stride + 1], v6 = v[3 * stride], v7 = v[3 * stride + 1];
        ulong v8 = v[4 * stride], v9 = v[4 * stride + 1], v10 = v[5 * stride], v11 = v[5 * stride + 1];
        ulong v12 = v[6 * stride], v13 = v[6 * stride + 1], v14 = v[7 * stride], v15 = v[7 * stride + 1];

        Mix(ref v0, ref v4, ref v8, ref v12);
        Mix(ref v1, ref v5, ref v9, ref v13);
        Mix(ref v2, ref v6, ref v10, ref v14);
        Mix(ref v3, ref v7, ref v11, ref v15);
        Mix(ref v0, ref v5, ref v10, ref v15);
        Mix(ref v1, ref v6, ref v11, ref v12);
        Mix(ref v2, ref v7, ref v8, ref v13);
        Mix(ref v3, ref v4, ref v9, ref v14);

        (v[0], v[1], v[stride], v[stride + 1]) = (v0, v1, v2, v3);
        (v[2 * stride], v[2 * stride + 1], v[3 * stride], v[3 * stride + 1]) = (v4, v5, v6, v7);
        (v[4 * stride], v[4 * stride + 1], v[5 * stride], v[5 * stride + 1]) = (v8, v9, v10, v11);
        (v[6 * stride], v[6 * stride + 1], v[7 * stride], v[7 * stride + 1]) = (v12, v13, v14, v15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Mix(ref ulong a, ref ulong b, ref ulong c, ref ulong d)
    {
        a = MultiplyAdd(a, b);
        d = BitOperations.RotateRight(d ^ a, 32);
        c = MultiplyAdd(c, d);
        b = BitOperations.RotateRight(b ^ c, 24);
        a = MultiplyAdd(a, b);
        d = BitOperations.RotateRight(d ^ a, 16);
        c = MultiplyAdd(c, d);
        b = BitOperations.RotateRight(b ^ c, 63);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong MultiplyAdd(ulong x, ulong y) => x + y + 2 * ((ulong)(uint)x * (uint)y);
}
