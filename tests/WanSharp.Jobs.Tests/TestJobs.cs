using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests;

/// <summary>Jobs and folders for tests.</summary>
internal static class TestJobs
{
    public static NewJob New(
        string output,
        int priority = 0,
        string group = "g",
        string feature = "f",
        string? key = null,
        string prompt = "a prompt"
    ) =>
        new()
        {
            Output = output,
            Priority = priority,
            Request = new JobRequest { Prompt = prompt },
            Prepared = Prepared(group, feature, key),
        };

    public static PreparedJob Prepared(string group = "g", string feature = "f", string? key = null) =>
        new()
        {
            ExecutionGroup = group,
            FeatureGroup = feature,
            ResultKey = key,
            Settings = "{}",
            Steps = 4,
        };

    public static JobStore Open(TemporaryFolder folder, TimeProvider? clock = null) =>
        JobStore.Open(JobFolder.Create(folder["out"]), clock ?? TimeProvider.System);
}
