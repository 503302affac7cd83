using WanSharp.Testing;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Tests.Quality;

public sealed class KeptClipsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Keep_SeveralClips_GivesTheFramesOfEach()
    {
        using var clips = new KeptClips(_folder.Path);
        byte[][] first =
        [
            [1, 2, 3],
            [4, 5, 6],
        ];
        byte[][] second =
        [
            [7, 8, 9, 10],
        ];

        var (one, other) = (clips.Keep(first), clips.Keep(second));

        Assert.Equal(first, one);
        Assert.Equal(second, other);
        Assert.Equal(first[1], one[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => one[2]);
        Assert.Empty(clips.Keep([]));
    }

    [Fact]
    public void Keep_FramesOfDifferentSizes_Throws()
    {
        using var clips = new KeptClips(_folder.Path);

        Assert.Throws<ArgumentOutOfRangeException>(() =>
            clips.Keep([
                [1, 2],
                [3],
            ])
        );
    }

    [Fact]
    public void Dispose_LeavesNothingBehind()
    {
        new KeptClips(_folder.Path).Dispose();
        var clips = new KeptClips(_folder.Path);
        clips.Keep([
            [1, 2, 3],
        ]);

        clips.Dispose();

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();
}
