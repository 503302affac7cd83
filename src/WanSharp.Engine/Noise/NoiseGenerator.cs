namespace WanSharp.Engine.Noise;

/// <summary>
/// Standard normal noise that is a function of (seed, stream, position) alone: the same bytes on every platform, in
/// any order, in parts of any size, on any number of threads. Specified in docs/noise.md, and never changed: a seed
/// means the same clip for good.
/// </summary>
/// <remarks>
/// A value without state, so instances are thread-safe. Values reach ±6.3, where one in 2³¹ lies.
/// </remarks>
/// <param name="Seed">The request's seed: the key of Philox.</param>
/// <param name="Stream">Keeps apart what one seed is used for; stream 0 is a clip's first latents.</param>
internal readonly record struct NoiseGenerator(ulong Seed, uint Stream = 0)
{
    private const int BlockLength = 4;

    /// <summary>Fills <paramref name="destination"/> with the values at <paramref name="start"/> and after.</summary>
    /// <param name="destination">Where the values go, each of mean 0 and variance 1.</param>
    /// <param name="start">The first value's position in the stream, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> is negative.</exception>
    public void Fill(Span<float> destination, long start = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        var position = (ulong)start;
        Span<float> block = stackalloc float[BlockLength];
        while (!destination.IsEmpty)
        {
            var (index, offset) = (position / BlockLength, (int)(position % BlockLength));
            var words = Philox.Generate(new Philox.Block((uint)index, (uint)(index >> 32), Stream, 0), (uint)Seed, (uint)(Seed >> 32));
            block[0] = StandardNormal.FromWord(words.X0);
            block[1] = StandardNormal.FromWord(words.X1);
            block[2] = StandardNormal.FromWord(words.X2);
            block[3] = StandardNormal.FromWord(words.X3);

            var count = Math.Min(BlockLength - offset, destination.Length);
            block.Slice(offset, count).CopyTo(destination);
            destination = destination[count..];
            position += (ulong)count;
        }
    }
}
