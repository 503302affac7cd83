namespace WanSharp.Testing;

/// <summary>Compiled into every project of tests that can hold native objects.</summary>
public class LiveObjectsTests
{
    [Fact]
    public void ClassesThatHoldNativeObjects_FailWhenOneIsLeft()
    {
        var unmarked = NativeHolders.Unmarked(typeof(LiveObjectsTests).Assembly);

        Assert.True(unmarked.Length == 0, unmarked);
    }
}
