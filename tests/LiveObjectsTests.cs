namespace WanSharp.Testing;

/// <summary>Compiled into every project of tests that can hold native objects.</summary>
public class LiveObjectsTests
{
    [Fact]
    public void ClassesThatHoldNativeObjects_FailWhenOneIsLeft() =>
        Assert.Equal("", NativeHolders.Unmarked(typeof(LiveObjectsTests).Assembly));
}
