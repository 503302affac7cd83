namespace WanSharp.Tensors.Tests;

public class ByteSizeTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 KB")]
    [InlineData(999_949, "999.9 KB")]
    [InlineData(999_950, "1.0 MB")]
    [InlineData(999_999_999, "1.00 GB")]
    [InlineData(167_772_160, "167.8 MB")]
    [InlineData(21_150_000_000, "21.15 GB")]
    [InlineData(3_000_000_000_000, "3000.00 GB")]
    public void Text_OfAnySize_IsInTheUnitThatFits(long bytes, string expected) => Assert.Equal(expected, ByteSize.Text(bytes));
}
