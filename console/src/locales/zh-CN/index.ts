import campaigns from "./campaigns.json";
import carriers from "./carriers.json";
import content from "./content.json";
import customers from "./customers.json";
import events from "./events.json";
import identity from "./identity.json";
import jobs from "./jobs.json";
import journeys from "./journeys.json";
import loyalty from "./loyalty.json";
import measurement from "./measurement.json";
import messaging from "./messaging.json";
import orders from "./orders.json";
import rights from "./rights.json";
import segments from "./segments.json";
import shell from "./shell.json";
import surveys from "./surveys.json";
import system from "./system.json";
import team from "./team.json";
import traits from "./traits.json";
import ui from "./ui.json";

export default {
  campaigns,
  carriers,
  content,
  customers,
  events,
  identity,
  jobs,
  journeys,
  loyalty,
  measurement,
  messaging,
  orders,
  rights,
  segments,
  shell,
  surveys,
  system,
  team,
  traits,
  ui,
};
