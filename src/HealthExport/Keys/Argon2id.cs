using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HealthExport.Keys;

/// <summary>
/// Argon2id, version 0x13 (RFC 9106): a hash that is expensive to guess against, and its text form for storage.
/// </summary>
/// <remarks>Every method is safe from any thread, runs on its caller's, and erases what it worked on.</remarks>
public static unsafe class Argon2id
{
    const int Version = 0x13;
    const int Type = 2;
    const int Slices = 4;

    /// <summary>Hashes with a fresh random salt of 16 bytes; a repeat gives another text.</summary>
    /// <param name="password">Any bytes; any length.</param>
    /// <param name="cost">What verifying will cost, too; <see cref="Argon2Cost.Default"/>, if absent.</param>
    /// <returns>A PHC string with a hash of 32 bytes: <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The cost is out of bounds.</exception>
    public static string Hash(ReadOnlySpan<byte> password, Argon2Cost? cost = null)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var hash = new byte[32];
        DeriveKey(password, salt, cost ?? Argon2Cost.Default, hash);
        return new Argon2Text(cost ?? Argon2Cost.Default, salt, hash).ToString();
    }

    /// <summary>
    /// Whether <paramref name="text"/> is the hash of <paramref name="password"/>, at the cost that it names. The
    /// comparison takes the same time wherever the difference is.
    /// </summary>
    /// <param name="password">Any bytes; any length.</param>
    /// <param name="text">A PHC string, as <see cref="Hash"/> writes it.</param>
    /// <returns>
    /// False, too, and without any work, for a text that is not strictly of that form: another type or version, other
    /// parameters or order, padded or non-canonical base64, a cost outside the bounds of <see cref="Argon2Cost"/>, a
    /// salt outside 8 to 64 bytes, a hash outside 16 to 64.
    /// </returns>
    public static bool Verify(ReadOnlySpan<byte> password, string text)
    {
        if (!Argon2Text.TryParse(text, out var stored)) return false;
        Span<byte> actual = stackalloc byte[stored.Hash.Length];
        DeriveKey(password, stored.Salt, stored.Cost, actual);
        return CryptographicOperations.FixedTimeEquals(actual, stored.Hash);
    }

    /// <summary>The function itself, with every input that RFC 9106, 3.1 knows.</summary>
    /// <param name="password">P: any length.</param>
    /// <param name="salt">S: at least 8 bytes.</param>
    /// <param name="cost">m, t and p.</param>
    /// <param name="output">The tag: at least 4 bytes; its length changes every byte of it.</param>
    /// <param name="secret">K: any length, often none.</param>
    /// <param name="associatedData">X: any length, often none.</param>
    /// <exception cref="ArgumentOutOfRangeException">Salt or output too short, or the cost out of bounds.</exception>
    public static void DeriveKey(
        ReadOnlySpan<byte> password,
        ReadOnlySpan<byte> salt,
        Argon2Cost cost,
        Span<byte> output,
        ReadOnlySpan<byte> secret = default,
        ReadOnlySpan<byte> associatedData = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(salt.Length, 8, nameof(salt));
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, 4, nameof(output));
        if (!cost.IsWithinBounds) throw new ArgumentOutOfRangeException(nameof(cost), cost, "Out of bounds.");

        // H0 is followed by room for the two numbers that tell the first blocks of the lanes apart.
        Span<byte> seed = stackalloc byte[Blake2b.MaxDigestLength + 8];
        using (var hash = new Blake2b(Blake2b.MaxDigestLength))
        {
            hash.AppendInt32(cost.Parallelism);
            hash.AppendInt32(output.Length);
            hash.AppendInt32(cost.MemoryKib);
            hash.AppendInt32(cost.Passes);
            hash.AppendInt32(Version);
            hash.AppendInt32(Type);
            AppendWithLength(hash, password);
            AppendWithLength(hash, salt);
            AppendWithLength(hash, secret);
            AppendWithLength(hash, associatedData);
            hash.Finish(seed[..Blake2b.MaxDigestLength]);
        }

        var segmentLength = cost.MemoryKib / (Slices * cost.Parallelism);
        var blocks = segmentLength * Slices * cost.Parallelism;
        using var memory = new Argon2Memory((blocks + Fill.WorkBlocks) * Argon2Block.Bytes);
        var fill = new Fill(memory.Words, cost, segmentLength);
        fill.SetFirstBlocks(seed);
        CryptographicOperations.ZeroMemory(seed);
        fill.Run();
        fill.WriteTag(output);
    }

    static void AppendWithLength(Blake2b hash, ReadOnlySpan<byte> input)
    {
        hash.AppendInt32(input.Length);
        hash.Append(input);
    }

    /// <summary>H' of RFC 9106, 3.3: a digest of any length.</summary>
    static void HashToLength(ReadOnlySpan<byte> input, Span<byte> output)
    {
        const int half = Blake2b.MaxDigestLength / 2;
        Span<byte> digest = stackalloc byte[Blake2b.MaxDigestLength];
        var isShort = output.Length <= Blake2b.MaxDigestLength;
        using (var first = new Blake2b(isShort ? output.Length : Blake2b.MaxDigestLength))
        {
            first.AppendInt32(output.Length);
            first.Append(input);
            first.Finish(isShort ? output : digest);
        }

        if (isShort) return;
        for (; output.Length > Blake2b.MaxDigestLength; output = output[half..])
        {
            digest[..half].CopyTo(output);
            var remaining = output.Length - half;
            if (remaining > Blake2b.MaxDigestLength) Blake2b.Hash(digest, digest);
            else Blake2b.Hash(digest, output[half..]);
        }

        CryptographicOperations.ZeroMemory(digest);
    }

    /// <summary>The matrix of blocks, one row a lane, and the walk over it (RFC 9106, 3.2 and 3.4).</summary>
    readonly struct Fill(ulong* words, Argon2Cost cost, int segmentLength)
    {
        /// <summary>Blocks behind the matrix: scratch, zero, address input, addresses, half-made addresses.</summary>
        public const int WorkBlocks = 5;

        readonly int _laneLength = Slices * segmentLength;
        readonly ulong* _scratch = words + (long)Slices * segmentLength * cost.Parallelism * Argon2Block.Words;

        ulong* Zero => _scratch + Argon2Block.Words;
        ulong* AddressInput => _scratch + 2 * Argon2Block.Words;
        ulong* Addresses => _scratch + 3 * Argon2Block.Words;
        ulong* HalfAddresses => _scratch + 4 * Argon2Block.Words;

        ulong* BlockAt(int lane, int index) => words + ((long)lane * _laneLength + index) * Argon2Block.Words;

        public void SetFirstBlocks(Span<byte> seed)
        {
            Span<byte> bytes = stackalloc byte[Argon2Block.Bytes];
            for (var lane = 0; lane < cost.Parallelism; lane++)
            {
                for (var index = 0; index < 2; index++)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(seed[^8..], index);
                    BinaryPrimitives.WriteInt32LittleEndian(seed[^4..], lane);
                    HashToLength(seed, bytes);
                    var block = BlockAt(lane, index);
                    for (var i = 0; i < Argon2Block.Words; i++)
                        block[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 * i)..]);
                }
            }

            CryptographicOperations.ZeroMemory(bytes);
        }

        public void Run()
        {
            new Span<ulong>(Zero, Argon2Block.Words).Clear();
            for (var pass = 0; pass < cost.Passes; pass++)
                for (var slice = 0; slice < Slices; slice++)
                    for (var lane = 0; lane < cost.Parallelism; lane++)
                        FillSegment(pass, slice, lane);
        }

        public void WriteTag(Span<byte> output)
        {
            var last = BlockAt(0, _laneLength - 1);
            for (var lane = 1; lane < cost.Parallelism; lane++)
            {
                var other = BlockAt(lane, _laneLength - 1);
                for (var i = 0; i < Argon2Block.Words; i++) last[i] ^= other[i];
            }

            Span<byte> bytes = stackalloc byte[Argon2Block.Bytes];
            for (var i = 0; i < Argon2Block.Words; i++)
                BinaryPrimitives.WriteUInt64LittleEndian(bytes[(8 * i)..], last[i]);
            HashToLength(bytes, output);
            CryptographicOperations.ZeroMemory(bytes);
        }

        void FillSegment(int pass, int slice, int lane)
        {
            // The first half of the first pass chooses its references without looking at the data, as Argon2i does.
            var isIndependent = pass == 0 && slice < Slices / 2;
            var first = pass == 0 && slice == 0 ? 2 : 0;
            if (isIndependent)
            {
                var input = new Span<ulong>(AddressInput, Argon2Block.Words);
                input.Clear();
                input[0] = (ulong)pass;
                input[1] = (ulong)lane;
                input[2] = (ulong)slice;
                input[3] = (ulong)(_laneLength * cost.Parallelism);
                input[4] = (ulong)cost.Passes;
                input[5] = Type;
                if (first != 0) MakeAddresses();
            }

            for (var index = first; index < segmentLength; index++)
            {
                var column = slice * segmentLength + index;
                var previous = BlockAt(lane, column == 0 ? _laneLength - 1 : column - 1);
                if (isIndependent && index % Argon2Block.Words == 0) MakeAddresses();
                var choice = isIndependent ? Addresses[index % Argon2Block.Words] : *previous;
                var reference = FindReference(pass, slice, lane, index, choice);
                Argon2Block.Compress(previous, reference, BlockAt(lane, column), _scratch, accumulate: pass > 0);
            }
        }

        ulong* FindReference(int pass, int slice, int lane, int index, ulong choice)
        {
            var isFirstSlice = pass == 0 && slice == 0;
            var referenceLane = isFirstSlice ? lane : (int)((uint)(choice >> 32) % (uint)cost.Parallelism);
            var finished = (pass == 0 ? slice : Slices - 1) * segmentLength;
            var area = referenceLane == lane ? finished + index - 1 : finished - (index == 0 ? 1 : 0);
            var start = pass == 0 || slice == Slices - 1 ? 0 : (slice + 1) * segmentLength;
            var squared = (ulong)(uint)choice * (uint)choice >> 32;
            var offset = area - 1 - (int)((ulong)area * squared >> 32);
            return BlockAt(referenceLane, (start + offset) % _laneLength);
        }

        void MakeAddresses()
        {
            AddressInput[6]++;
            Argon2Block.Compress(Zero, AddressInput, HalfAddresses, _scratch, accumulate: false);
            Argon2Block.Compress(Zero, HalfAddresses, Addresses, _scratch, accumulate: false);
        }
    }
}
