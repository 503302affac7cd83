using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Storage;

/// <summary>Jobs that are put in order, and changed, while they wait; and whose they are.</summary>
public sealed class OrderTests : IDisposable
{
    private const string Worker = "worker";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Claim_OfJobsThatWerePutInOrder_TakesThemBeforeAllOthers()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([
            TestJobs.New("1.mp4", priority: 1000),
            TestJobs.New("2.mp4"),
            TestJobs.New("3.mp4", group: "other"),
            TestJobs.New("4.mp4"),
        ]);

        Assert.Equal(2, store.Order([4, 3]));
        Assert.Equal(2, store.Order([3, 2])); // the last order is the one that counts
        Assert.Equal(["3.mp4", "2.mp4", "1.mp4", "4.mp4"], Claims(store, 4));
        Assert.Equal(0, store.Order([1]));
    }

    [Theory]
    [InlineData(4, 2, false, new[] { 1, 4, 2, 3, 5 })]
    [InlineData(1, 3, true, new[] { 2, 3, 1, 4, 5 })]
    [InlineData(5, 1, false, new[] { 5, 1, 2, 3, 4 })]
    [InlineData(2, 5, true, new[] { 1, 3, 4, 5, 2 })]
    public void Move_OfAJob_LeavesTheOrderOfAllOthers(int id, int other, bool after, int[] order)
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([.. Enumerable.Range(1, 5).Select(i => TestJobs.New($"{i}.mp4"))]);
        store.Order([1, 2, 3, 4]);

        Assert.True(store.Move(id, other, after));
        Assert.False(store.Move(id, 6, after));

        Assert.Equal(order.Select(one => $"{one}.mp4"), Claims(store, 5));
    }

    [Fact]
    public void Edit_OfAJobThatSomebodyChangedMeanwhile_UndoesNothing()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("1.mp4", prompt: "a")]);
        var read = store.Find(1)!;
        store.Prioritize([1], 9);

        Assert.False(store.Edit(TestJobs.New("1.mp4", prompt: "b"), read));
        read = store.Find(1)!;
        Assert.True(store.Edit(TestJobs.New("1.mp4", prompt: "b", priority: 9), read));
        Assert.False(store.Edit(TestJobs.New("1.mp4", prompt: "c", priority: 9), read));

        Assert.Equal(("b", 9), (store.Find(1)!.Request.Prompt, store.Find(1)!.Priority));
    }

    [Fact]
    public void Edit_OfAJobThatWaits_KeepsItsPlace()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.mp4", prompt: "a"), TestJobs.New("2.mp4")]);

            var read = store.Find(1)!;
            Assert.True(store.Edit(TestJobs.New("1.mp4", prompt: "b", key: "k"), read));
            Assert.Equal(("b", "k"), (store.Find(1)!.Request.Prompt, store.Find(1)!.ResultKey));
            Assert.Equal("1.mp4", store.Queue.Claim(Worker, alone: true)!.Output);
            Assert.False(store.Edit(TestJobs.New("1.mp4", prompt: "c"), store.Find(1)!));
            Assert.False(store.Edit(TestJobs.New("3.mp4"), store.Find(2)! with { Id = 3 }));
        }

        File.Delete(JobFolder.Create(_folder["out"]).Database);
        using var again = TestJobs.Open(_folder); // from the journal
        Assert.Equal(["b", "a prompt"], again.All().Select(job => job.Request.Prompt));
    }

    [Fact]
    public void Jobs_OfAnOwner_AreCounted()
    {
        var clock = new ManualClock();
        using var store = TestJobs.Open(_folder, clock);
        store.Enqueue([
            TestJobs.New("1.mp4") with
            {
                Owner = "anna",
            },
            TestJobs.New("2.mp4") with
            {
                Owner = "anna",
            },
            TestJobs.New("3.mp4"),
        ]);
        store.Remove([1]);

        Assert.Equal((1, 2), (store.OpenOf("anna"), store.CameSince("anna", clock.GetUtcNow())));
        Assert.Equal((0, 0), (store.OpenOf("ben"), store.CameSince("ben", clock.GetUtcNow())));
        Assert.Equal(2, store.Waiting());
        Assert.Equal(["2.mp4"], store.Page(new JobPage { Limit = 9, Owner = "anna" }).Select(job => job.Output));
        Assert.Equal(1, store.Counts("anna").Queued);
    }

    [Fact]
    public void Open_OfADatabaseOfVersionFour_KeepsItsJobs()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.mp4")]);
        }

        using (
            var connection = new Microsoft.Data.Sqlite.SqliteConnection(
                $"Data Source={JobFolder.Create(_folder["out"]).Database};Pooling=False"
            )
        )
        {
            connection.Open();
            connection.Run(
                "DROP INDEX queue; DROP INDEX owners; DROP INDEX deleted; DROP TABLE came; "
                    + "DROP TRIGGER keep_number; DROP TABLE numbers; ALTER TABLE jobs DROP COLUMN owner; "
                    + "ALTER TABLE jobs DROP COLUMN place; CREATE INDEX queue ON jobs (state); PRAGMA user_version=4"
            );
        }

        using var again = TestJobs.Open(_folder);
        Assert.Equal(["1.mp4"], Claims(again, 1));
    }

    private static IEnumerable<string> Claims(JobStore store, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => store.Queue.Claim(Worker, alone: true)!.Output)];
}
