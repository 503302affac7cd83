using System.Runtime.InteropServices;
using System.Security.Cryptography;
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

    /// <summary>Writes the snapshot.</summary>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var content = new MemoryStream();
        using var writer = new BinaryWriter(content);
        float[][] arrays = [Latents, .. Sampler.History, .. Cache?.Arrays ?? [], .. Average is null ? Array.Empty<float[]>() : [Average]];
        writer.Write(Magic);
        writer.Write(Identity);
        writer.Write(Reused?.Prompt ?? "");
        writer.Write(Reused?.Steps ?? 0);
        writer.Write(Reused?.Similarity ?? 0);
        writer.Write(Sampler.FirstStep);
        writer.Write(NextStep);
        writer.Write(arrays.Length);
        writer.Write(Average is not null);
        writer.Write(Cache?.Arrays.Count ?? 0);
        writer.Write(Cache?.Numbers.Count ?? -1);
        foreach (var number in Cache?.Numbers ?? [])
        {
            writer.Write(number);
        }

        foreach (var array in arrays)
        {
            writer.Write(array.Length);
            writer.Write(MemoryMarshal.AsBytes<float>(array));
        }

        var bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
        stream.Write(bytes);
        stream.Write(SHA256.HashData(bytes));
    }

    /// <summary>Reads a snapshot, to the stream's end.</summary>
    /// <exception cref="SnapshotMismatchException">The bytes are damaged, or no snapshot.</exception>
    public static DenoiseSnapshot Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        var bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
        if (
            bytes.Length < Magic.Length + DigestLength
            || !bytes.StartsWith(Magic)
            || !SHA256.HashData(bytes[..^DigestLength]).AsSpan().SequenceEqual(bytes[^DigestLength..])
        )
        {
            throw new SnapshotMismatchException("The snapshot is damaged or cut short: start the clip over.");
        }

        // What follows was written by Write: the checksum says so.
        content.Position = Magic.Length;
        using var reader = new BinaryReader(content);
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
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(arrays[i].AsSpan()));
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
}
