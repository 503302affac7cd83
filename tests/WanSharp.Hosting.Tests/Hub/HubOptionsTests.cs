using WanSharp.Hosting.Hub;

namespace WanSharp.Hosting.Tests.Hub;

/// <summary>The same variables, the same places as in huggingface_hub's constants.py.</summary>
public class HubOptionsTests
{
    [Theory]
    [InlineData("", "/home/u/.cache/huggingface/hub", "/home/u/.cache/huggingface/token")]
    [InlineData("XDG_CACHE_HOME=/x", "/x/huggingface/hub", "/x/huggingface/token")]
    [InlineData("HF_HOME=/h;XDG_CACHE_HOME=/x", "/h/hub", "/h/token")]
    [InlineData("HF_HOME=~/h", "/home/u/h/hub", "/home/u/h/token")]
    [InlineData("HF_HUB_CACHE=/c;HUGGINGFACE_HUB_CACHE=/d", "/c", "/home/u/.cache/huggingface/token")]
    [InlineData("HUGGINGFACE_HUB_CACHE=/d;HF_TOKEN_PATH=/t", "/d", "/t")]
    [InlineData("HF_HUB_DISABLE_IMPLICIT_TOKEN=1", "/home/u/.cache/huggingface/hub", null)]
    public void Places_AreThoseOfOtherPrograms(string variables, string cache, string? token)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Paths are written as on Unix.");

        var options = Read(variables);

        Assert.Equal((cache, token), (options.CacheFolder, options.TokenFile));
    }

    [Fact]
    public void Others_AreRead()
    {
        var options = Read("HF_TOKEN=t;HF_ENDPOINT=https://mirror.example/;HF_HUB_OFFLINE=yes;HF_HUB_DISABLE_SYMLINKS=on");

        Assert.Equal(("t", "https://mirror.example", true, false), (options.Token, options.Endpoint, options.IsOffline, options.MayLink));
        Assert.False(Read("HF_HUB_OFFLINE=0").IsOffline);
    }

    private static HubOptions Read(string variables)
    {
        var all = $"HOME=/home/u;{variables}"
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(one => one.Split('='))
            .ToDictionary(one => one[0], one => one[1]);
        return HubOptions.FromEnvironment(all.GetValueOrDefault);
    }
}
