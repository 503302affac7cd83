namespace WanSharp.Tensors.Tests;

public class ShapeTests
{
    [Fact]
    public void Create_NegativeOrOverflowing_Throws()
    {
        Assert.Throws<ArgumentException>(() => Shape.Create([2, -1]));
        Assert.Throws<ArgumentException>(() => Shape.Create([long.MaxValue, 2]));
    }

    [Fact]
    public void Equality_IsByDimensions()
    {
        Shape left = [2, 3],
            right = [2, 3],
            other = [3, 2];
        Assert.Equal(left, right);
        Assert.NotEqual(left, other);
        Assert.Equal(1, Shape.Scalar.ElementCount);
        Assert.Equal("[2, 3]", left.ToString());
    }
}
