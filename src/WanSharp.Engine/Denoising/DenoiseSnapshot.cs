using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;

namespace WanSharp.Engine.Denoising;

/// <summary>
/// A clip between two denoise steps: enough to go on in another process and, where steps are not shared with other clips,
/// to end with the same bits.
/// </summary>
/// <remarks>
/// Immutable. Written as a magic number, the identity, whose steps were reused (empty text for nobody's; the prompt, how many, the
/// similarity), the
/// sampler's first and next step, the number of arrays, whether guidance has one, how many are the step cache's and how
/// many numbers it has (-1 without a step cache), the numbers, the arrays, each after its length (the latents, the sampler's history, the
/// step cache's, then guidance's), and the SHA-256 of all that; numbers are little-endian.
/// </remarks>
public sealed class DenoiseSnapshot
{
    private const int DigestLength = SHA256.HashSizeInBytes;
    private const int PieceLength = 1 << 20;

    internal DenoiseSnapshot(string identity, DenoiseState clip, ReusedSteps? reused)
        : this(
            identity,
            clip.Latents.Read<float>().ToArray(),
            clip.Sampler.Save(),
            (float[]?)clip.Projection?.Average?.Clone(),
            reused,
            clip.Cache?.Save()
        ) { }

    internal DenoiseSnapshot(
        string identity,
        float[] latents,
        SamplerState sampler,
        float[]? average,
        ReusedSteps? reused,
        StepCacheState? cache = null
    ) => (Identity, Latents, Sampler, Average, Reused, Cache) = (identity, latents, sampler, average, reused, cache);

    /// <summary>The step that comes next, from 0.</summary>
    public int NextStep => Sampler.NextStep;

    /// <summary>Whose steps the clip began with; null for its own.</summary>
    public ReusedSteps? Reused { get; }

    /// <summary>What made the snapshot: the plan and all that executes it. Only the same may go on with it.</summary>
    internal string Identity { get; }

    internal float[] Latents { get; }

    internal SamplerState Sampler { get; }

    /// <summary>What guidance remembered of earlier steps; null for nothing.</summary>
    internal float[]? Average { get; }

    /// <summary>What the step cache remembered; null where there was none.</summary>
    internal StepCacheState? Cache { get; }

    private static ReadOnlySpan<byte> Magic => "WANSNAP4"u8;

    /// <summary>Writes the snapshot, piece by piece: a step cache's arrays are gigabytes.</summary>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        float[][] arrays = [Latents, .. Sampler.History, .. Cache?.Arrays ?? [], .. Average is null ? Array.Empty<float[]>() : [Average]];
        Put(Header(arrays.Length));
        var length = new byte[sizeof(int)];
        foreach (var array in arrays)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, array.Length);
            Put(length);
            for (var start = 0; start < array.Length; start += PieceLength)
            {
                Put(MemoryMarshal.AsBytes(array.AsSpan(start, Math.Min(PieceLength, array.Length - start))));
            }
        }

        stream.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            stream.Write(bytes);
        }
    }

    /// <summary>Reads a snapshot, to the stream's end.</summary>
    /// <param name="stream">A stream that can seek: it is read twice, first for its checksum.</param>
    /// <exception cref="SnapshotMismatchException">The bytes are damaged, or no snapshot.</exception>
    public static DenoiseSnapshot Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var start = stream.Position;
        if (!IsWhole(stream))
        {
            throw new SnapshotMismatchException("The snapshot is damaged or cut short: start the clip over.");
        }

        // What follows was written by Write: the checksum says so.
        stream.Position = start + Magic.Length;
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        var identity = reader.ReadString();
        var reused = new ReusedSteps(reader.ReadString(), reader.ReadInt32(), reader.ReadDouble());
        var (firstStep, nextStep, count) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        var hasAverage = reader.ReadBoolean();
        var (cached, numbers) = (reader.ReadInt32(), reader.ReadInt32());
        double[] cacheNumbers = [.. Enumerable.Range(0, Math.Max(0, numbers)).Select(_ => reader.ReadDouble())];
        var arrays = new float[count][];
        for (var i = 0; i < count; i++)
        {
            arrays[i] = new float[reader.ReadInt32()];
            for (var at = 0; at < arrays[i].Length; at += PieceLength)
            {
                stream.ReadExactly(MemoryMarshal.AsBytes(arrays[i].AsSpan(at, Math.Min(PieceLength, arrays[i].Length - at))));
            }
        }

        var history = count - cached - (hasAverage ? 1 : 0); // the end of the sampler's
        return new DenoiseSnapshot(
            identity,
            arrays[0],
            new SamplerState(nextStep, arrays[1..history], firstStep),
            hasAverage ? arrays[^1] : null,
            reused.Prompt.Length > 0 ? reused : null,
            numbers < 0 ? null : new StepCacheState(cacheNumbers, arrays[history..(history + cached)])
        );
    }

    private byte[] Header(int arrays)
    {
        using var content = new MemoryStream();
        using var writer = new BinaryWriter(content);
        writer.Write(Magic);
        writer.Write(Identity);
        writer.Write(Reused?.Prompt ?? "");
        writer.Write(Reused?.Steps ?? 0);
        writer.Write(Reused?.Similarity ?? 0);
        writer.Write(Sampler.FirstStep);
        writer.Write(NextStep);
        writer.Write(arrays);
        writer.Write(Average is not null);
        writer.Write(Cache?.Arrays.Count ?? 0);
        writer.Write(Cache?.Numbers.Count ?? -1);
        foreach (var number in Cache?.Numbers ?? [])
        {
            writer.Write(number);
        }

        return content.ToArray();
    }

    /// <summary>Whether a snapshot begins where a stream stands, and ends in its checksum.</summary>
    private static bool IsWhole(Stream stream)
    {
        var left = stream.Length - stream.Position - DigestLength;
        if (left < Magic.Length)
        {
            return false;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[PieceLength];
        for (var isFirst = true; left > 0; isFirst = false)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, left));
            stream.ReadExactly(piece);
            if (isFirst && !piece.StartsWith(Magic))
            {
                return false;
            }

            hash.AppendData(piece);
            left -= piece.Length;
        }

        var digest = buffer.AsSpan(0, DigestLength);
        stream.ReadExactly(digest);
        return digest.SequenceEqual(hash.GetHashAndReset());
    }
}
