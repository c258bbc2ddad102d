using System.Text;

namespace HealthExport.Tests.Reading;

/// <summary>Small payloads that between them hold every section, shape and order.</summary>
static class Documents
{
    public static readonly TheoryData<string> All = new(ByName.Keys);

    static Dictionary<string, string> ByName => new()
    {
        ["samples, name first"] = """
            {"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[
              {"date":"2026-01-15 08:00:00 +0100","Min":58,"Avg":60.5,"Max":63,"source":"Watch"},
              {"date":"2026-01-15 08:00:05 +0100","qty":"61","source":"Ren\u00e9\u2019s|Watch","no\"vel":{"a":[1,{"b":null}]}},
              null,
              {"date":"2026-01-15 08:00:10 +0100","Avg":412}]}],"workouts":[]}}
            """,
        ["buckets, data first"] = """
            {"data":{"metrics":[{"data":[
              {"qty":12,"date":"2026-01-15 08:00:00 +0100"},
              {"qty":-1,"date":"2026-01-15 08:01:00 +0100"},
              {"qty":13.25,"date":"2026-01-15 08:02:00 +0100","units":"count"}],"units":"count","name":"step_count"},
              {"units":"mmHg","data":[{"systolic":121,"diastolic":79,"date":"2026-01-15 08:00:00 +0100"}],"name":"blood_pressure"}]}}
            """,
        ["sleep"] = """
            {"data":{"metrics":[{"name":"sleep_analysis","data":[
              {"sleepStart":"2026-01-14 22:30:00 +0100","sleepEnd":"2026-01-15 06:30:00 +0100","totalSleep":7.5,"core":4.5,"deep":1.5,"rem":1.5},
              {"startDate":"2026-01-15 13:00:00 +0100","endDate":"2026-01-15 13:30:00 +0100","qty":0.5,"value":"Asleep","source":"Health"}],
              "units":"hr"}]}}
            """,
        ["workouts"] = """
            {"data":{"workouts":[
              {"id":"0A7C2F52-1111-4E2B-9B7E-000000000001","name":"Outdoor Run","start":"2026-01-15 07:00:00 +0100","end":"2026-01-15 07:30:00 +0100",
               "distance":{"qty":5,"units":"km"},"heartRateData":[{"date":"2026-01-15 07:01:00 +0100","Min":1,"Avg":2,"Max":3,"units":"count/min"}],
               "route":[{"latitude":1,"longitude":2,"altitude":3,"timestamp":"2026-01-15 07:00:00 +0100","speed":-1}]},
              {"name":"Walking","start":"2026-01-15 17:00:00 +0100","end":"2026-01-15 17:30:00 +0100","humidity":{"qty":0,"units":"%"}}]}}
            """,
        ["events"] = """
            {"data":{"stateOfMind":[{"id":"B1C2D3E4-0000-4000-8000-000000000001","start":"2026-01-15T20:15:00Z","valence":0.4,"valenceClassification":"neutral"}],
              "medications":[{"displayText":"Vitamin D ","start":"2026-01-15 08:04:12 +0100","status":"Taken","dosage":1}],
              "symptoms":[{"start":"2026-01-15 10:00:00 +0100","end":"2026-01-15 12:00:00 +0100","name":"Headache"}],
              "cycle_tracking":[{"start":"2026-01-03 00:00:00 +0100","name":"Menstrual Flow","value":"Heavy"}],
              "ecg":[{"start":"2026-01-15 10:00:00 +0100","classification":"Sinus Rhythm","samplingFrequency":512,"voltageMeasurements":[{"date":1768467600.25,"voltage":1.5,"units":"mcV"}]}],
              "heartRateNotifications":[{"heartNotification":"low_heart_rate_notification","start":"2026-01-15 06:48:37 +0100","threshold":45}],
              "audiograms":[{"x":1},2]}}
            """,
        ["standard items"] = """
            {"data":{"metrics":[
              {"type":"HeartRate","recorded_at":"2026-01-15T08:00:00Z","avg_bpm":75},
              {"recorded_at":"2026-01-15T08:00:00Z","type":"activity","step_count":10,"flights_climbed":2},
              {"type":"Quantity","metric":"blood_glucose","unit":"mg/dL","start_at":"2026-01-15T08:00:00Z","value":90}],
              "workouts":[{"workout_type":"running","start_time":"2026-01-15T08:00:00Z","end_time":"2026-01-15T09:00:00Z"}]}}
            """,
    };

    public static byte[] Get(string name) => Encoding.UTF8.GetBytes(ByName[name]);
}
