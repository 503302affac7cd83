using WanSharp.Testing;
using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.ComfyRun;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Servers behind a proxy that does not let their messages through.</summary>
public sealed class WithoutMessagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>A long job gives no sign, and is not hanging.</summary>
    [Fact]
    public async Task ALongJob_IsNotTakenForOneThatHangs()
    {
        await using var server = await FakeComfy.StartAsync();
        var (clock, asked, judged) = (new ManualClock(), 0, new TaskCompletionSource());
        server.Before = request =>
        {
            if (request.Path.StartsWithSegments("/history") && clock.GetTimestamp() > 0 && ++asked == 3)
            {
                judged.TrySetResult();
            }

            return request.Path == "/ws" ? 502 : null;
        };
        server.AtNode = async (type, token) =>
        {
            if (type == "KSampler")
            {
                clock.Advance(2 * Impatient.SilentAfter);
                await judged.Task.WaitAsync(token);
            }
        };
        await using var backend = Backend(server, options: Impatient with { Clock = clock });
        await backend.RunAsync(Run(_folder), Token);
        Assert.True(File.Exists(_folder["1.mp4"]));
    }

    /// <summary>A proxy that keeps messages away is asked for them now and then, not with each question for the job.</summary>
    [Fact]
    public async Task Listening_IsTriedAtMostAtEachTenthQuestion()
    {
        await using var server = await FakeComfy.StartAsync();
        var (listened, asked, enough) = (0, 0, new TaskCompletionSource());
        server.Before = request =>
        {
            if (request.Path.StartsWithSegments("/history") && ++asked == 40)
            {
                enough.TrySetResult();
            }

            return request.Path == "/ws" && ++listened > 0 ? 502 : null;
        };
        server.AtNode = (type, token) => type == "KSampler" ? enough.Task.WaitAsync(token) : Task.CompletedTask;
        await using var backend = Backend(server);

        await backend.RunAsync(Run(_folder), Token);

        Assert.InRange(listened, 2, 1 + (asked / 10));
    }
}
