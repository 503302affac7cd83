using WanSharp.Media.Images;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Tests.Images;

/// <summary>What ffmpeg does not read as Pillow does is refused before it is asked.</summary>
public sealed class TiffStartTests
{
    [Theory]
    [InlineData(1, 2, 1, null)]
    [InlineData(5, 2, 1, null)]
    [InlineData(8, 1, 1, null)]
    [InlineData(4, 0, null, null)]
    [InlineData(32773, 5, null, null)]
    [InlineData(7, 2, 1, "as JPEG")]
    [InlineData(6, 6, 1, "as JPEG")]
    [InlineData(8, 6, 1, "YCbCr")]
    [InlineData(50000, 2, 1, "(50000)")]
    [InlineData(1, 8, 1, "(8)")]
    [InlineData(1, 1, 3, "fractions")]
    public void ProblemOf_EachKind_LetsThroughWhatWasCompared(int compression, int photometric, int? format, string? expected)
    {
        foreach (var isBig in new[] { false, true })
        {
            var problem = TiffStart.ProblemOf(TiffBytes.Of(Tiff(isBig, (259, compression), (262, photometric), (339, format)))!.Value);
            Assert.Equal(expected is null, problem is null);
            Assert.Contains(expected ?? "", problem ?? "", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(284, 2, "in planes of their own")]
    [InlineData(322, 256, "cut into tiles")]
    public void ProblemOf_AnotherOrderOfPixels_SaysSo(int tag, int value, string expected) =>
        Assert.Contains(
            expected,
            TiffStart.ProblemOf(TiffBytes.Of(Tiff(isBig: false, (259, 1), (262, 2), (tag, value)))!.Value),
            StringComparison.Ordinal
        );

    [Fact]
    public void ProblemOf_ADamagedFile_SaysSo() =>
        Assert.NotNull(TiffStart.ProblemOf(TiffBytes.Of([(byte)'I', (byte)'I', 42, 0, 200, 0, 0, 0])!.Value));

    private static byte[] Tiff(bool isBig, params (int Tag, int? Value)[] entries)
    {
        var present = entries.Where(entry => entry.Value is not null).ToList();
        List<byte> bytes = [.. isBig ? "MM\0*"u8 : "II*\0"u8, .. Number(8, 4), .. Number(present.Count, 2)];
        foreach (var (tag, value) in present)
        {
            bytes.AddRange([.. Number(tag, 2), .. Number(3, 2), .. Number(1, 4), .. Number(value!.Value, 2), 0, 0]);
        }

        return [.. bytes, .. Number(0, 4)];

        byte[] Number(int value, int length)
        {
            var little = BitConverter.GetBytes(value)[..length];
            return isBig ? [.. little.Reverse()] : little;
        }
    }
}
