namespace WanSharp.Graphs.Tests;

public sealed class DimTests
{
    private readonly Dim _height = "height";
    private readonly Dim _width = "width";

    [Fact]
    public void Arithmetic_OfKnownLengths_IsKnown() => Assert.Equal(5, (((Dim)4 * 3) + 8 - 10) / 2);

    [Fact]
    public void Arithmetic_ThatCancels_LeavesNothingBehind()
    {
        Assert.Equal(_height * _width, _height / 2 * (_width / 2) * 4);
        Assert.Equal(Dim.One, _height * _width / (_width * _height));
        Assert.Equal(0, (_height + 1 - _height - 1).Known);
        Assert.Equal(_height, (_height + 2) - 2);
    }

    [Fact]
    public void ToString_OfArithmetic_ReadsLikeIt()
    {
        Assert.Equal("height*width/4", (_height / 2 * (_width / 2)).ToString());
        Assert.Equal("height+2", (_height + 2).ToString());
        Assert.Equal("width-2", (_width - 2).ToString());
        Assert.Equal("3*height", (_height * 3).ToString());
        Assert.Equal("height/groups", (_height / "groups").ToString());
    }

    [Fact]
    public void Equality_OfDifferentNames_DoesNotHold()
    {
        Assert.NotEqual(_height, _width);
        Assert.NotEqual(_height, _height * 2);
        Assert.True(_height != 2);
    }

    [Fact]
    public void FloorDivide_OfAConvolution_TakesNamesAsDivisible()
    {
        Assert.Equal(_height / 2, (_height + 1 - 3).FloorDivide(2) + 1);
        Assert.Equal(4, ((Dim)9 - 3).FloorDivide(2) + 1);
        Assert.Equal(-1, ((Dim)(-1)).FloorDivide(2));
    }

    [Fact]
    public void Division_WithARemainder_IsRefused() =>
        Assert.Contains("7/2", Assert.Throws<GraphException>(() => (Dim)7 / 2).Message, StringComparison.Ordinal);

    [Fact]
    public void Division_ByASumOrZero_IsRefused()
    {
        Assert.Throws<GraphException>(() => _width / (_height + 1));
        Assert.Throws<GraphException>(() => _width / 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2nd")]
    [InlineData("a*b")]
    public void Name_WithOtherCharacters_IsRefused(string name) => Assert.Throws<GraphException>(() => (Dim)name);
}
