using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Tests.Quality;

public sealed class FrameComparerTests
{
    private const int Width = 24;
    private const int Height = 16;
    private const double Precision = 1e-4; // variances of bytes, as differences of sums in F32

    private static readonly byte[] Picture =
    [
        .. Enumerable.Range(0, Width * Height * 3).Select(i => (byte)(128 + (100 * Math.Sin(0.05 * i) * Math.Cos(0.31 * i)))),
    ];

    private static readonly int[] Amplitudes = [1, 4, 16, 64];

    private readonly FrameComparer _comparer = new(Width, Height);

    [Fact]
    public void Compare_OfEqualPictures_IsPerfect()
    {
        var quality = _comparer.Compare(Picture, Picture);

        Assert.Equal(1, quality.Ssim, Precision);
        Assert.Equal(double.PositiveInfinity, quality.Psnr);
    }

    [Fact]
    public void Compare_OfFlatPictures_IsWhatTheFormulaSays()
    {
        const double C1 = 0.01 * 255 * 0.01 * 255;
        byte[] one = [.. Enumerable.Repeat((byte)100, Picture.Length)],
            other = [.. Enumerable.Repeat((byte)110, Picture.Length)];

        var quality = _comparer.Compare(one, other);

        Assert.Equal(100, quality.MeanSquaredError);
        Assert.Equal(10 * Math.Log10(255 * 255 / 100.0), quality.Psnr, Precision);
        Assert.Equal(((2 * 100.0 * 110) + C1) / ((100.0 * 100) + (110.0 * 110) + C1), quality.Ssim, 1e-3); // no variance but rounding's
    }

    [Fact]
    public void Compare_OfMoreAndMoreNoise_FallsStepByStep()
    {
        double[] similarities = [.. Amplitudes.Select(amplitude => _comparer.Compare(Noisy(amplitude), Picture).Ssim)];

        Assert.Equal(similarities.OrderDescending(), similarities);
        Assert.InRange(similarities[0], 0.99, 1);
        Assert.InRange(similarities[^1], 0, 0.9);
    }

    [Fact]
    public void Compare_OfTheNegative_IsBelowZero()
    {
        byte[] negative = [.. Picture.Select(value => (byte)(255 - value))];

        Assert.InRange(_comparer.Compare(negative, Picture).Ssim, -1, -0.5);
    }

    [Fact]
    public void Compare_OfOneChannelAlone_CountsAThird()
    {
        var other = Picture.ToArray();
        for (var i = 0; i < other.Length; i += 3)
        {
            other[i] = (byte)(255 - other[i]);
        }

        byte[] negative = [.. Picture.Select(value => (byte)(255 - value))];

        Assert.InRange(_comparer.Compare(other, Picture).Ssim, 0.3, 0.7);
        Assert.True(_comparer.Compare(negative, Picture).Ssim < 0);
    }

    [Fact]
    public void Compare_OfOtherSizes_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => _comparer.Compare(Picture.AsSpan(3), Picture));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FrameComparer(Width, FrameComparer.WindowLength - 1));
    }

    private static byte[] Noisy(int amplitude)
    {
        var state = 1u;
        return
        [
            .. Picture.Select(value =>
            {
                state = (state * 1664525) + 1013904223; // Numerical Recipes' generator
                return (byte)Math.Clamp(value + (int)(((state >> 16) % ((2 * amplitude) + 1)) - amplitude), 0, 255);
            }),
        ];
    }
}
