using WanSharp.Media.Ffmpeg;

namespace WanSharp.Testing;

/// <summary>The ffmpegs that everything must work with: the system's (5.1 on Debian 12), and the package's of 2018.</summary>
public static class Ffmpegs
{
    private const string OnPath = "on the search path",
        FromPackage = "from the package";

    public static TheoryData<string> Both => [OnPath, FromPackage];

    /// <summary>Any of them; skips the test where there is none.</summary>
    public static string Any => Found ?? NodePackages.Ffmpeg;

    private static string? Found => FfmpegLocator.Find(null, Environment.GetEnvironmentVariable("PATH"));

    /// <summary>The path of one of <see cref="Both"/>; skips the test where there is none.</summary>
    public static string Get(string name)
    {
        if (name == FromPackage)
        {
            return NodePackages.Ffmpeg;
        }

        Assert.SkipWhen(Found is null, $"No ffmpeg {name}.");
        return Found!;
    }
}
