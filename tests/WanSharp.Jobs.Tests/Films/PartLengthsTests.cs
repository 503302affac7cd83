using WanSharp.Jobs.Films;

namespace WanSharp.Jobs.Tests.Films;

public sealed class PartLengthsTests
{
    [Theory]
    [InlineData(17, 17, 0, new[] { 17 })]
    [InlineData(5, 17, 1, new[] { 5 })]
    [InlineData(18, 17, 0, new[] { 9, 9 })]
    [InlineData(33, 17, 0, new[] { 17, 16 })]
    [InlineData(34, 17, 1, new[] { 12, 11, 11 })]
    public void Divide_ALength_MakesClipsThatAreAboutAsLong(int shown, int longest, int skipped, int[] lengths) =>
        Assert.Equal(lengths, PartLengths.Divide(shown, longest, skipped, overlap: 1));

    [Fact]
    public void Divide_AnyLength_ShowsExactlyThatAndNoClipIsTooLong()
    {
        for (var shown = 1; shown < 300; shown++)
        {
            foreach (var skipped in (int[])[0, 1, 5])
            {
                foreach (var overlap in (int[])[1, 5])
                {
                    var lengths = PartLengths.Divide(shown, longest: 17, skipped, overlap);

                    Assert.Equal(shown, lengths.Sum());
                    Assert.All(lengths.Index(), part => Assert.InRange(part.Item, 1, 17 - (part.Index == 0 ? skipped : overlap)));
                    Assert.True(lengths.Max() - lengths.Min() <= Math.Max(skipped, overlap) + 1, $"{shown}: {string.Join(' ', lengths)}");
                }
            }
        }
    }
}
